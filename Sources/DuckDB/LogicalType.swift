import CDuckDB

/// The type of a column, as SQL names it.
package indirect enum LogicalType: Sendable, Hashable {
    /// A member of a STRUCT.
    package struct Field: Sendable, Hashable {
        /// The member's name.
        package let name: String
        /// The member's type.
        package let type: LogicalType

        /// Creates a member.
        package init(name: String, type: LogicalType) {
            self.name = name
            self.type = type
        }
    }

    case boolean
    case tinyint, smallint, integer, bigint
    case utinyint, usmallint, uinteger, ubigint
    case hugeint
    case decimal(width: Int, scale: Int)
    case float, double
    case varchar
    /// JSON, a VARCHAR that DuckDB knows to hold a JSON text.
    case json
    case blob
    case uuid
    /// TIMESTAMP: microseconds of a calendar without time zone.
    case timestamp
    /// TIMESTAMP WITH TIME ZONE: an instant in microseconds.
    case timestampTZ
    /// The values of an ENUM, which a vector stores as indices into them.
    case enumeration([String])
    case list(LogicalType)
    case structure([Field])
    /// A MAP, which a vector stores as a list of structs of `key` and `value`.
    case map(key: LogicalType, value: LogicalType)
    /// A type that this module hands on without reading its values, by its number in `duckdb_type`.
    case other(Int)
}

extension LogicalType {
    /// Whether the type is yet to be found out.
    package var isUnknown: Bool { self == .other(Int(DUCKDB_TYPE_INVALID.rawValue)) }

    /// Whether it is a list of a fixed length, ARRAY.
    package var isArray: Bool { self == .other(Int(DUCKDB_TYPE_ARRAY.rawValue)) }

    /// Whether it is a whole number of a type that this module does not read.
    package var isOtherInteger: Bool {
        [DUCKDB_TYPE_UHUGEINT, DUCKDB_TYPE_BIGNUM].contains { self == .other(Int($0.rawValue)) }
    }

    /// Creates a type from DuckDB's, and destroys that.
    init(consuming type: duckdb_logical_type?) {
        var type = type
        defer { duckdb_destroy_logical_type(&type) }
        self =
            switch duckdb_get_type_id(type) {
            case DUCKDB_TYPE_BOOLEAN: .boolean
            case DUCKDB_TYPE_TINYINT: .tinyint
            case DUCKDB_TYPE_SMALLINT: .smallint
            case DUCKDB_TYPE_INTEGER: .integer
            case DUCKDB_TYPE_BIGINT: .bigint
            case DUCKDB_TYPE_UTINYINT: .utinyint
            case DUCKDB_TYPE_USMALLINT: .usmallint
            case DUCKDB_TYPE_UINTEGER: .uinteger
            case DUCKDB_TYPE_UBIGINT: .ubigint
            case DUCKDB_TYPE_HUGEINT: .hugeint
            case DUCKDB_TYPE_DECIMAL:
                .decimal(width: Int(duckdb_decimal_width(type)), scale: Int(duckdb_decimal_scale(type)))
            case DUCKDB_TYPE_FLOAT: .float
            case DUCKDB_TYPE_DOUBLE: .double
            case DUCKDB_TYPE_VARCHAR: Self.string(duckdb_logical_type_get_alias(type)) == "JSON" ? .json : .varchar
            case DUCKDB_TYPE_BLOB: .blob
            case DUCKDB_TYPE_UUID: .uuid
            case DUCKDB_TYPE_TIMESTAMP: .timestamp
            case DUCKDB_TYPE_TIMESTAMP_TZ: .timestampTZ
            case DUCKDB_TYPE_ENUM: .enumeration(Self.values(ofEnumeration: type))
            case DUCKDB_TYPE_LIST: .list(LogicalType(consuming: duckdb_list_type_child_type(type)))
            case DUCKDB_TYPE_STRUCT: .structure(Self.fields(ofStructure: type))
            case DUCKDB_TYPE_MAP:
                .map(
                    key: LogicalType(consuming: duckdb_map_type_key_type(type)),
                    value: LogicalType(consuming: duckdb_map_type_value_type(type))
                )
            case let other: .other(Int(other.rawValue))
            }
    }

    private static func values(ofEnumeration type: duckdb_logical_type?) -> [String] {
        (0..<duckdb_enum_dictionary_size(type)).map { string(duckdb_enum_dictionary_value(type, idx_t($0))) ?? "" }
    }

    private static func fields(ofStructure type: duckdb_logical_type?) -> [Field] {
        (0..<duckdb_struct_type_child_count(type)).map { index in
            Field(
                name: string(duckdb_struct_type_child_name(type, index)) ?? "",
                type: LogicalType(consuming: duckdb_struct_type_child_type(type, index))
            )
        }
    }

    /// Copies a string of DuckDB's and frees it.
    private static func string(_ string: UnsafeMutablePointer<CChar>?) -> String? {
        defer { duckdb_free(string) }
        return string.map { String(cString: $0) }
    }
}
