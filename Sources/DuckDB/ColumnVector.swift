import CDuckDB
package import Foundation

/// The values of one column of a chunk, or of one part of a nested column, read in place in DuckDB's memory.
///
/// A vector keeps the memory of its chunk alive. It is a class so that handing one on costs one reference count, and
/// its pointers are fetched once, so that reading a value allocates nothing. Reading another type than the column's, or
/// a row that does not exist, traps; the value of a row that ``isNull(_:)`` is anything, except where a method says
/// otherwise.
package final class ColumnVector {
    /// The type of the values.
    package let type: LogicalType
    /// The number of values.
    package let count: Int
    /// The vectors that a nested type consists of: one for a list or a map, one for each member of a struct.
    private let children: [ColumnVector]

    private let storage: Storage
    private let data: UnsafeRawPointer?
    /// One bit a row, set for a value; nil when no row is NULL.
    private let validity: UnsafePointer<UInt64>?
    private let memory: ChunkMemory

    init(_ vector: duckdb_vector?, of type: LogicalType, count: Int, in memory: ChunkMemory) {
        self.type = type
        self.count = count
        self.memory = memory
        storage = Storage(of: type)
        data = UnsafeRawPointer(duckdb_vector_get_data(vector))
        validity = UnsafePointer(duckdb_vector_get_validity(vector))
        children = Self.children(of: vector, type: type, count: count, in: memory)
    }

    private static func children(
        of vector: duckdb_vector?,
        type: LogicalType,
        count: Int,
        in memory: ChunkMemory
    ) -> [ColumnVector] {
        func elements(_ type: LogicalType) -> [ColumnVector] {
            let count = Int(duckdb_list_vector_get_size(vector))
            return [ColumnVector(duckdb_list_vector_get_child(vector), of: type, count: count, in: memory)]
        }
        return switch type {
        case .list(let element):
            elements(element)
        case .map(let key, let value):
            elements(.structure([.init(name: "key", type: key), .init(name: "value", type: value)]))
        case .structure(let fields):
            fields.enumerated().map { index, field in
                let child = duckdb_struct_vector_get_child(vector, idx_t(index))
                return ColumnVector(child, of: field.type, count: count, in: memory)
            }
        default:
            []
        }
    }
}

extension ColumnVector {
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

    /// The rows of ``listElements`` that a row of a LIST or MAP column consists of; none for NULL.
    package func listRange(_ row: Int) -> Range<Int> {
        if isNull(row) { return 0..<0 }
        let entry = load(row, as: duckdb_list_entry.self, from: .list)
        return Int(entry.offset)..<Int(entry.offset + entry.length)
    }

    /// The elements of all rows of a LIST column; of a MAP column, structs of `key` and `value`.
    package var listElements: ColumnVector {
        precondition(storage == .list, "not a column of lists")
        return children[0]
    }

    /// The members of a STRUCT column, in the order of its type and with its rows.
    package var structFields: [ColumnVector] {
        precondition(storage == .structure, "not a column of structs")
        return children
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

/// How a vector stores the values of a type.
private enum Storage {
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
            case .enumeration(let values): values.count <= 1 << 8 ? .uint8 : values.count <= 1 << 16 ? .uint16 : .uint32
            case .list, .map: .list
            case .structure: .structure
            case .other: .unknown
            }
    }
}
