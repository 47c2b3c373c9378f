import CDuckDB
package import Foundation

/// A value that is bound to a statement, appended to a table, or read from a row.
package enum SQLValue: Sendable, Equatable {
    /// NULL.
    case null
    /// BOOLEAN.
    case bool(Bool)
    /// Any integer type but UBIGINT; a HUGEINT that fits.
    case int(Int64)
    /// UBIGINT.
    case uint(UInt64)
    /// FLOAT or DOUBLE.
    case double(Double)
    /// VARCHAR or JSON, or the value of an ENUM.
    case text(String)
    /// BLOB.
    case blob([UInt8])
    /// UUID.
    case uuid(UUID)
    /// TIMESTAMP: microseconds since 1970-01-01 00:00:00 of a calendar without time zone.
    case timestamp(microseconds: Int64)
    /// TIMESTAMP WITH TIME ZONE: microseconds since 1970-01-01 00:00:00 UTC, an instant.
    case timestampTZ(microseconds: Int64)
    /// VARCHAR[], without NULL among the elements; only bound to statements.
    case texts([String])
}

extension SQLValue {
    /// Calls `body` with DuckDB's form of the value, which lives only during the call.
    func withDuckDBValue<Result>(_ body: (duckdb_value?) -> Result) -> Result {
        var value = makeDuckDBValue()
        defer { duckdb_destroy_value(&value) }
        return body(value)
    }

    private func makeDuckDBValue() -> duckdb_value? {
        switch self {
        case .null: duckdb_create_null_value()
        case .bool(let value): duckdb_create_bool(value)
        case .int(let value): duckdb_create_int64(value)
        case .uint(let value): duckdb_create_uint64(value)
        case .double(let value): duckdb_create_double(value)
        case .text(let value): Self.makeVarchar(value)
        case .blob(let value): duckdb_create_blob(value, idx_t(value.count))
        case .uuid(let value): duckdb_create_uuid(value.words)
        case .timestamp(let microseconds): duckdb_create_timestamp(duckdb_timestamp(micros: microseconds))
        case .timestampTZ(let microseconds): duckdb_create_timestamp_tz(duckdb_timestamp(micros: microseconds))
        case .texts(let values): Self.makeList(values)
        }
    }

    private static func makeVarchar(_ value: String) -> duckdb_value? {
        var value = value
        return value.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { duckdb_create_varchar_length($0.baseAddress, idx_t($0.count)) }
        }
    }

    private static func makeList(_ values: [String]) -> duckdb_value? {
        var type = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR)
        var elements = values.map(makeVarchar)
        defer {
            duckdb_destroy_logical_type(&type)
            for index in elements.indices { duckdb_destroy_value(&elements[index]) }
        }
        return duckdb_create_list_value(type, &elements, idx_t(elements.count))
    }
}

extension UUID {
    /// The UUID as one unsigned number, most significant byte first.
    var words: duckdb_uhugeint {
        withUnsafeBytes(of: uuid) { bytes in
            duckdb_uhugeint(
                lower: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                upper: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
            )
        }
    }

    /// The number that a vector stores, whose highest bit is flipped so that UUIDs sort as signed numbers.
    var stored: duckdb_hugeint {
        duckdb_hugeint(lower: words.lower, upper: Int64(bitPattern: words.upper ^ 1 << 63))
    }

    /// Creates a UUID from the number that a vector stores, whose highest bit is flipped so that UUIDs sort as signed
    /// numbers.
    init(stored: duckdb_hugeint) {
        let upper = UInt64(bitPattern: stored.upper) ^ 1 << 63
        let bytes = (upper.bigEndian, stored.lower.bigEndian)
        self.init(uuid: withUnsafeBytes(of: bytes) { $0.loadUnaligned(as: uuid_t.self) })
    }
}
