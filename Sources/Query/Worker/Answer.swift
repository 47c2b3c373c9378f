import DuckDB
import Foundation

/// The answer to a statement, as it is computed and written.
struct Answer {
    private let statement: QueryStatement
    private let connection: Connection
    private let execution: Execution
    private let prepared: PreparedStatement
    private let columns: [QueryResult.Column]
    private let values: [SQLValue]

    /// Works out which columns a statement gives; nothing is computed yet.
    ///
    /// - Throws: ``DuckDBError`` for what it says wrong, ``QueryFailure`` where the parameters are not those it has.
    init(_ statement: QueryStatement, on connection: Connection, _ execution: Execution) throws {
        self.statement = statement
        self.connection = connection
        self.execution = execution
        values = statement.parameters.map(\.sqlValue)
        prepared = try connection.prepare(statement.sql)
        guard prepared.parameterCount == values.count else {
            throw QueryFailure(
                .refused,
                "The statement has \(prepared.parameterCount) parameters, and params has \(values.count) values."
            )
        }
        columns = try Self.columns(of: prepared, statement, values, on: connection)
    }

    private static func columns(
        of prepared: PreparedStatement,
        _ statement: QueryStatement,
        _ values: [SQLValue],
        on connection: Connection
    ) throws -> [QueryResult.Column] {
        let columns = prepared.columns
        guard columns.isEmpty || prepared.parameterCount > 0 else { return columns }
        // Only with the values all types are known. In a subquery columns of the same name get others, but not in what is
        // prepared, unless that does not know its columns yet.
        let empty = try connection.query("SELECT * FROM (\n\(statement.sql)\n) LIMIT 0", values)
        while try empty.nextChunk() != nil {}
        guard columns.count == empty.columns.count, !columns.contains(where: \.type.isUnknown) else {
            return empty.columns
        }
        return zip(columns, empty.columns).map { .init(name: $0.name, type: $1.type) }
    }

    /// How much is sent at once, in bytes; only the last piece has less.
    static let pieceSize = 128 << 10

    /// Computes the answer and hands it on piece by piece.
    ///
    /// - Parameters:
    ///   - file: Where a file can be written meanwhile.
    ///   - send: Gets each piece.
    /// - Throws: ``DuckDBError``; ``QueryFailure`` where it is larger than it may be.
    func write(file: URL, _ send: ([UInt8]) throws -> Void) throws {
        switch execution.format {
        case .parquet: try writeParquet(file, send)
        case .json, .ndjson, .csv: try writeText(send)
        }
    }

    private func writeText(_ send: ([UInt8]) throws -> Void) throws {
        let plan = AnswerPlan(columns, statement.sql)
        let result = try plan.sql.map { try connection.query($0, values) } ?? prepared.query(values)
        var writer = AnswerWriter(execution.format, plan, sequence: execution.sequence)
        var (rows, size) = (0, 0)
        func sendPiece() throws {
            let piece = writer.take()
            size += piece.count
            guard size <= execution.byteLimit else {
                throw QueryFailure(tooLarge: execution.byteLimit)
            }
            try Self.send(piece, send)
        }
        while let chunk = try result.nextChunk() {
            rows += chunk.count
            try checkRows(rows)
            let vectors = columns.indices.map { chunk[$0] }
            for row in 0..<chunk.count {
                writer.write(row, of: vectors)
                if writer.size >= Self.pieceSize { try sendPiece() }
            }
        }
        writer.finish()
        try sendPiece()
    }

    /// Sends a piece, which a single value may have made large, in several.
    private static func send(_ piece: [UInt8], _ send: ([UInt8]) throws -> Void) throws {
        var rest = piece[...]
        while rest.count >= 2 * pieceSize {
            try send(Array(rest.prefix(pieceSize)))
            rest = rest.dropFirst(pieceSize)
        }
        if !rest.isEmpty { try send(Array(rest)) }
    }

    /// - Returns: The number of rows.
    private func copyRows(_ copy: String) throws -> Int {
        do {
            return try connection.query(copy, values).rowsChanged
        } catch {
            // DuckDB quotes what the system says of a file that may have no more.
            if error.kind == .io, error.message.contains(String(cString: strerror(EFBIG))) {
                throw QueryFailure(tooLarge: execution.byteLimit)
            }
            throw error
        }
    }

    private func checkRows(_ rows: Int) throws(QueryFailure) {
        guard rows <= execution.rowLimit else {
            throw QueryFailure(.tooLarge, "The answer has more than the \(execution.rowLimit) rows that it may have.")
        }
    }

    private func writeParquet(_ file: URL, _ send: ([UInt8]) throws -> Void) throws {
        let limited = "SELECT * FROM (\n\(statement.sql)\n) LIMIT \(UInt64(execution.rowLimit) + 1)"
        let copy = "COPY (\(limited)) TO \(file.path.quotedLiteral) (FORMAT parquet, COMPRESSION zstd)"
        defer { unlink(file.path) }
        try checkRows(copyRows(copy))
        let handle = try FileHandle(forReadingFrom: file)
        while let data = try handle.read(upToCount: Self.pieceSize), !data.isEmpty { try send(Array(data)) }
    }
}

extension QueryFailure {
    /// - Parameter limit: The bytes that an answer may have.
    fileprivate init(tooLarge limit: Int) {
        self.init(.tooLarge, "The answer has more than the \(limit) bytes that it may have.")
    }
}

extension QueryParameter {
    var sqlValue: SQLValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .int(value)
        case .double(let value): .double(value)
        case .text(let value): .text(value)
        }
    }
}
