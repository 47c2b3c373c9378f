import CDuckDB
package import Foundation

/// The values of a ``ColumnVector`` without what keeps their memory, so that reading and copying costs no reference
/// count: whoever reads them holds on to the vector.
///
/// Reading another type than the column's, or a row that does not exist, traps; the value of a row that ``isNull(_:)``
/// is anything, except where a method says otherwise.
package struct ColumnCells: BitwiseCopyable {
    /// The number of values.
    package let count: Int
    let storage: Storage
    private let data: UnsafeRawPointer?
    /// One bit a row, set for a value; nil when no row is NULL.
    private let validity: UnsafePointer<UInt64>?

    init(_ vector: duckdb_vector?, of type: LogicalType, count: Int) {
        self.count = count
        storage = Storage(of: type)
        data = UnsafeRawPointer(duckdb_vector_get_data(vector))
        validity = UnsafePointer(duckdb_vector_get_validity(vector))
    }

    /// Whether the row is NULL.
    package func isNull(_ row: Int) -> Bool {
        precondition(row >= 0 && row < count, "row out of bounds")
        guard let validity else { return false }
        return validity[row >> 6] & 1 << UInt64(row & 63) == 0
    }

    /// The value of a BOOLEAN column.
    package func bool(_ row: Int) -> Bool {
        load(row, as: UInt8.self, from: .bool) != 0
    }

    /// The value of a signed integer column, of an unsigned one below UBIGINT, or the index of an ENUM's value.
    package func int64(_ row: Int) -> Int64 {
        switch storage {
        case .int8: Int64(load(row, as: Int8.self, from: .int8))
        case .int16: Int64(load(row, as: Int16.self, from: .int16))
        case .int32: Int64(load(row, as: Int32.self, from: .int32))
        case .int64: load(row, as: Int64.self, from: .int64)
        case .uint8: Int64(load(row, as: UInt8.self, from: .uint8))
        case .uint16: Int64(load(row, as: UInt16.self, from: .uint16))
        case .uint32: Int64(load(row, as: UInt32.self, from: .uint32))
        default: preconditionFailure("not a column of integers that fit 64 signed bits")
        }
    }

    /// The value of a UBIGINT column.
    package func uint64(_ row: Int) -> UInt64 {
        load(row, as: UInt64.self, from: .uint64)
    }

    /// The value of a FLOAT or DOUBLE column.
    package func double(_ row: Int) -> Double {
        storage == .float
            ? Double(load(row, as: Float.self, from: .float)) : load(row, as: Double.self, from: .double)
    }

    /// The value of a HUGEINT column.
    package func int128(_ row: Int) -> Int128 {
        let value = load(row, as: duckdb_hugeint.self, from: .int128)
        return Int128(value.upper) << 64 | Int128(value.lower)
    }

    /// The value of a UUID column.
    package func uuid(_ row: Int) -> UUID {
        UUID(stored: load(row, as: duckdb_hugeint.self, from: .uuid))
    }

    /// The value of a TIMESTAMP or TIMESTAMP WITH TIME ZONE column, in microseconds since 1970.
    package func microseconds(_ row: Int) -> Int64 {
        load(row, as: Int64.self, from: .microseconds)
    }

    /// The bytes of a VARCHAR or JSON column, which are valid UTF-8, or of a BLOB column; none for NULL.
    ///
    /// The bytes are DuckDB's own and live as long as a vector of the chunk does; hold on to the vector while reading.
    package func bytes(_ row: Int) -> UnsafeRawBufferPointer {
        if isNull(row) { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let string = address(row, stride: MemoryLayout<duckdb_string_t>.stride, from: .bytes)
        // The layout of `duckdb_string_t`: a length, then up to 12 bytes in place or 4 bytes and a pointer.
        let length = Int(string.load(as: UInt32.self))
        let start = length <= 12 ? string + 4 : string.load(fromByteOffset: 8, as: UnsafeRawPointer.self)
        return UnsafeRawBufferPointer(start: start, count: length)
    }

    /// The value of a VARCHAR or JSON column as a string of its own.
    package func text(_ row: Int) -> String {
        String(decoding: bytes(row), as: UTF8.self)
    }

    /// The rows of ``ColumnVector/listElements`` that a row of a LIST or MAP column consists of; none for NULL.
    package func listRange(_ row: Int) -> Range<Int> {
        if isNull(row) { return 0..<0 }
        let entry = load(row, as: duckdb_list_entry.self, from: .list)
        return Int(entry.offset)..<Int(entry.offset + entry.length)
    }

    private func load<Value: BitwiseCopyable>(_ row: Int, as type: Value.Type, from expected: Storage) -> Value {
        address(row, stride: MemoryLayout<Value>.stride, from: expected).load(as: type)
    }

    private func address(_ row: Int, stride: Int, from expected: Storage) -> UnsafeRawPointer {
        precondition(storage == expected, "another type than the column's")
        precondition(row >= 0 && row < count, "row out of bounds")
        return data! + row * stride
    }
}

extension ColumnCells {
    /// How a vector stores the values of a type.
    enum Storage {
        case bool
        case int8, int16, int32, int64, int128
        case uint8, uint16, uint32, uint64
        case float, double
        case bytes, uuid, microseconds
        case list, structure
        case unknown

        init(of type: LogicalType) {
            self =
                switch type {
                case .boolean: .bool
                case .tinyint: .int8
                case .smallint: .int16
                case .integer: .int32
                case .bigint: .int64
                case .hugeint: .int128
                case .utinyint: .uint8
                case .usmallint: .uint16
                case .uinteger: .uint32
                case .ubigint: .uint64
                case .float: .float
                case .double: .double
                case .varchar, .json, .blob: .bytes
                case .uuid: .uuid
                case .timestamp, .timestampTZ: .microseconds
                // The narrowest unsigned integer that counts the values, as `duckdb_enum_internal_type` says.
                case .enumeration(let values):
                    values.count <= 1 << 8 ? .uint8 : values.count <= 1 << 16 ? .uint16 : .uint32
                case .list, .map: .list
                case .structure: .structure
                case .decimal, .other: .unknown
                }
        }
    }
}
