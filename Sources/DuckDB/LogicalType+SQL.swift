import CDuckDB

extension LogicalType {
    /// The type as SQL writes it, such as `STRUCT(name VARCHAR, ports BIGINT[])`.
    package var sql: String {
        switch self {
        case .boolean: "BOOLEAN"
        case .tinyint: "TINYINT"
        case .smallint: "SMALLINT"
        case .integer: "INTEGER"
        case .bigint: "BIGINT"
        case .utinyint: "UTINYINT"
        case .usmallint: "USMALLINT"
        case .uinteger: "UINTEGER"
        case .ubigint: "UBIGINT"
        case .hugeint: "HUGEINT"
        case .decimal(let width, let scale): "DECIMAL(\(width),\(scale))"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .varchar: "VARCHAR"
        case .json: "JSON"
        case .blob: "BLOB"
        case .uuid: "UUID"
        case .timestamp: "TIMESTAMP"
        case .timestampTZ: "TIMESTAMP WITH TIME ZONE"
        case .enumeration(let values): "ENUM(\(values.map(\.quotedLiteral).joined(separator: ", ")))"
        case .list(let element): "\(element.sql)[]"
        case .structure(let fields):
            "STRUCT(\(fields.map { "\($0.name.quotedIdentifier) \($0.type.sql)" }.joined(separator: ", ")))"
        case .map(let key, let value): "MAP(\(key.sql), \(value.sql))"
        case .other(let number): Self.otherNames[UInt32(number)] ?? "UNKNOWN"
        }
    }

    private static let otherNames: [UInt32: String] = [
        DUCKDB_TYPE_DATE.rawValue: "DATE", DUCKDB_TYPE_TIME.rawValue: "TIME", DUCKDB_TYPE_INTERVAL.rawValue: "INTERVAL",
        DUCKDB_TYPE_TIMESTAMP_S.rawValue: "TIMESTAMP_S", DUCKDB_TYPE_TIMESTAMP_MS.rawValue: "TIMESTAMP_MS",
        DUCKDB_TYPE_TIMESTAMP_NS.rawValue: "TIMESTAMP_NS", DUCKDB_TYPE_TIME_TZ.rawValue: "TIME WITH TIME ZONE",
        DUCKDB_TYPE_TIME_NS.rawValue: "TIME_NS", DUCKDB_TYPE_BIT.rawValue: "BIT",
        DUCKDB_TYPE_UHUGEINT.rawValue: "UHUGEINT",
        DUCKDB_TYPE_BIGNUM.rawValue: "BIGNUM", DUCKDB_TYPE_UNION.rawValue: "UNION", DUCKDB_TYPE_ARRAY.rawValue: "ARRAY",
        DUCKDB_TYPE_SQLNULL.rawValue: "NULL",
    ]
}
