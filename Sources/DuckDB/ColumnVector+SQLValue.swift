extension ColumnVector {
    /// The value of a row of any type that ``SQLValue`` has, for results that are small.
    ///
    /// - Throws: When the type is nested or otherwise without a case in ``SQLValue``, or a HUGEINT exceeds 64 bits.
    package func value(_ row: Int) throws(DuckDBError) -> SQLValue {
        if isNull(row) { return .null }
        switch type {
        case .boolean:
            return .bool(bool(row))
        case .tinyint, .smallint, .integer, .bigint, .utinyint, .usmallint, .uinteger:
            return .int(int64(row))
        case .ubigint:
            return .uint(uint64(row))
        case .hugeint:
            guard let value = Int64(exactly: int128(row)) else {
                throw DuckDBError(.conversion, "Conversion Error: \(int128(row)) does not fit 64 bits")
            }
            return .int(value)
        case .float, .double:
            return .double(double(row))
        case .varchar, .json:
            return .text(String(decoding: bytes(row), as: UTF8.self))
        case .blob:
            return .blob(Array(bytes(row)))
        case .uuid:
            return .uuid(uuid(row))
        case .timestamp:
            return .timestamp(microseconds: microseconds(row))
        case .timestampTZ:
            return .timestampTZ(microseconds: microseconds(row))
        case .enumeration(let values):
            return .text(values[Int(int64(row))])
        case .decimal, .list, .structure, .map, .other:
            let message = "Not implemented Error: a value of type \(type) is not read as a scalar; cast it in the query"
            throw DuckDBError(.notImplemented, message)
        }
    }
}
