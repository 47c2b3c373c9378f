import CDuckDB
import Foundation

/// A failure that DuckDB reports, or that this module finds before it asks DuckDB.
///
/// The error carries the statement but never the values bound to it. DuckDB's own ``message`` may quote a value that it
/// could not convert or that is not unique; ``description``, which logs have, does not.
package struct DuckDBError: Error, Sendable, Equatable {
    /// What DuckDB takes a failure for, spelled as in the first words of its messages.
    package enum Kind: String, Sendable {
        /// A table, column or function that does not exist or exists already.
        case catalog = "Catalog"
        /// A statement that does not fit the tables it names.
        case binder = "Binder"
        /// A text that is not SQL.
        case parser = "Parser"
        /// A value that does not fit a type.
        case conversion = "Conversion"
        /// A value or a combination that is refused whatever the data.
        case invalidInput = "Invalid Input"
        /// A unique, primary key, check, or not-null constraint that does not hold.
        case constraint = "Constraint"
        /// A transaction that cannot be begun, committed or undone now, or that conflicts with another.
        case transaction = "TransactionContext"
        /// A statement stopped by ``InterruptHandle/interrupt()``.
        case interrupted = "INTERRUPT"
        /// A statement that needs more than `memory_limit`.
        case outOfMemory = "Out of Memory"
        /// A file that cannot be read or written.
        case io = "IO"
        /// A file that cannot be read from S3, or from elsewhere by HTTP.
        case http = "HTTP"
        /// An access that the settings forbid.
        case permission = "Permission"
        /// A feature or a conversion that does not exist.
        case notImplemented = "Not implemented"
        /// The database cannot be used any more and must be opened anew.
        case fatal = "FATAL"
        /// A fault of DuckDB itself, after which the database cannot be used any more, either.
        case fault = "INTERNAL"
        /// Any other failure, told by the message.
        case other = ""
    }

    /// What went wrong.
    package let kind: Kind
    /// The explanation.
    package let message: String
    /// The statement, without the values bound to it; cut to ``maximumSQLLength`` characters.
    package let sql: String?

    /// The number of characters of a statement that an error keeps.
    package static let maximumSQLLength = 1_000

    /// Creates an error of a known kind.
    init(_ kind: Kind, _ message: String, sql: String? = nil) {
        self.kind = kind
        self.message = message
        self.sql = sql.map { String($0.prefix(Self.maximumSQLLength)) }
    }

    /// Creates an error from a message of DuckDB's, whose first words tell the kind.
    init(message: UnsafePointer<CChar>?, sql: String? = nil) {
        let message = message.map { String(cString: $0) } ?? "DuckDB gives no reason"
        let firstWords = message.firstRange(of: " Error: ").map { message[..<$0.lowerBound] }
        self.init(firstWords.flatMap { Kind(rawValue: String($0)) } ?? .other, message, sql: sql)
    }
}

extension DuckDBError.Kind {
    /// Creates the kind for DuckDB's code, where there is one beside the message.
    init(_ type: duckdb_error_type) {
        self =
            switch type {
            case DUCKDB_ERROR_CATALOG: .catalog
            case DUCKDB_ERROR_CONVERSION: .conversion
            case DUCKDB_ERROR_INVALID_INPUT: .invalidInput
            case DUCKDB_ERROR_CONSTRAINT: .constraint
            case DUCKDB_ERROR_TRANSACTION: .transaction
            case DUCKDB_ERROR_INTERRUPT: .interrupted
            case DUCKDB_ERROR_OUT_OF_MEMORY: .outOfMemory
            case DUCKDB_ERROR_IO: .io
            case DUCKDB_ERROR_HTTP: .http
            case DUCKDB_ERROR_FATAL: .fatal
            default: .other
            }
    }
}

extension DuckDBError: CustomStringConvertible {
    /// The message without the values that it quotes, and the statement.
    package var description: String {
        let message = kind.quotesValues ? withoutQuotations : message
        guard let sql else { return message }
        return "\(message) - while executing `\(sql)`"
    }

    /// The message without what stands between its first quotation mark and its last, since a value may have such marks itself.
    private var withoutQuotations: String {
        let marks = CharacterSet(charactersIn: "'\"")
        guard let first = message.rangeOfCharacter(from: marks),
            let last = message.rangeOfCharacter(from: marks, options: .backwards), first != last
        else { return message }
        return message.replacingCharacters(in: first.upperBound..<last.lowerBound, with: "…")
    }
}

extension DuckDBError.Kind {
    /// Whether messages of the kind quote values, and not only names of tables and files.
    fileprivate var quotesValues: Bool {
        switch self {
        case .conversion, .invalidInput, .constraint, .fatal, .fault, .other: true
        case .catalog, .binder, .parser, .transaction, .interrupted, .outOfMemory, .io, .http,
            .permission, .notImplemented:
            false
        }
    }
}

extension String {
    /// Throws unless the string can be handed to C, which takes a NUL for the end.
    func checkForNUL(sql: String? = nil) throws(DuckDBError) {
        if utf8.contains(0) {
            throw DuckDBError(.invalidInput, "Invalid Input Error: a NUL character", sql: sql)
        }
    }
}
