import DuckDB

/// DuckDB did not do what it was asked. The message can quote what is stored.
package struct EngineError: Error, CustomStringConvertible {
    package let description: String
}

/// Does something that asks DuckDB, and awaits nothing.
///
/// - Throws: ``EngineError`` for what DuckDB throws, else what `body` throws.
func withEngineErrors<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as DuckDBError {
        throw EngineError(description: "\(error)")
    }
}

/// Does something that asks DuckDB.
///
/// - Throws: ``EngineError`` for what DuckDB throws, else what `body` throws.
func withEngine<Value>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws -> Value
) async throws -> Value {
    do {
        return try await body()
    } catch let error as DuckDBError {
        throw EngineError(description: "\(error)")
    }
}
