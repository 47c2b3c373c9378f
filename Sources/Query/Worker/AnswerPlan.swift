import DuckDB

/// How the values of a statement's columns are read: what this program does not read itself, DuckDB makes a text of.
struct AnswerPlan {
    let columns: [Column]
    /// The statement that gives the values; nil for the user's own.
    let sql: String?

    struct Column {
        var name: String
        /// The type, as SQL writes it.
        var type: String
        var form: Form
    }

    /// What is read for a value.
    enum Form {
        /// The value itself.
        case value
        /// A text.
        case text
        /// A text that is a number.
        case number
        /// A text that is JSON.
        case json
    }

    init(_ found: [QueryResult.Column], _ statement: String) {
        columns = found.map { Column(name: $0.name, type: $0.type.sql, form: Self.form($0.type)) }
        guard columns.contains(where: { $0.form != .value && $0.form != .json }) || found.contains(where: \.isRewritten)
        else {
            sql = nil
            return
        }
        let items = found.enumerated().map { index, column in
            switch Self.form(column.type) {
            case .value: "c\(index)"
            case .text, .number: "CAST(c\(index) AS VARCHAR)"
            case .json: column.isRewritten ? "CAST(to_json(c\(index)) AS VARCHAR)" : "c\(index)"
            }
        }
        let names = found.indices.map { "c\($0)" }.joined(separator: ", ")
        sql = "SELECT \(items.joined(separator: ", ")) FROM (\n\(statement)\n) AS answer(\(names))"
    }

    private static func form(_ type: LogicalType) -> Form {
        switch type {
        case .decimal: .number
        case .other where type.isOtherInteger: .number
        case .other where type.isArray: .json
        case .timestamp, .blob, .other: .text
        case .json: .json
        case .list, .structure, .map: type.isReadable ? .value : .json
        default: .value
        }
    }
}

extension QueryResult.Column {
    /// Whether DuckDB makes JSON of the values.
    fileprivate var isRewritten: Bool { type != .json && !type.isReadable }
}

extension LogicalType {
    /// Whether the program reads the values itself.
    fileprivate var isReadable: Bool {
        switch self {
        case .decimal, .timestamp, .blob, .other: false
        case .list(let element): element.isReadable
        case .structure(let fields): fields.allSatisfy(\.type.isReadable)
        case .map(let key, let value): key == .varchar && value.isReadable
        default: true
        }
    }
}
