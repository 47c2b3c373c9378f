import CPostgreSQL

/// The rows that a statement returned; their memory is libpq's.
package final class PostgresRows {
    private let functions: no_libpq
    private let result: OpaquePointer

    init(_ result: OpaquePointer, _ functions: no_libpq) {
        self.result = result
        self.functions = functions
    }

    deinit { functions.clear(result) }

    package var count: Int { Int(functions.ntuples(result)) }

    /// The bytes of a value as text, while the closure runs; nil for NULL.
    package func withBytes<Value>(_ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer?) throws -> Value) rethrows
        -> Value
    {
        guard functions.getisnull(result, CInt(row), CInt(column)) == 0 else { return try body(nil) }
        return try body(
            UnsafeRawBufferPointer(
                start: functions.getvalue(result, CInt(row), CInt(column)),
                count: Int(functions.getlength(result, CInt(row), CInt(column)))
            )
        )
    }

    /// A value as text; nil for NULL.
    package func text(_ row: Int, _ column: Int) -> String? {
        withBytes(row, column) { $0.map { String(decoding: $0, as: UTF8.self) } }
    }

    /// A whole number; nil for NULL and for what is none.
    package func number(_ row: Int, _ column: Int) -> Int64? { text(row, column).flatMap { Int64($0) } }
}
