import CDuckDB
package import Foundation

/// The values of one column of a chunk, or of one part of a nested column, read in place in DuckDB's memory.
///
/// A vector keeps the memory of its chunk alive. The vector is a class so that handing one on costs one reference count, and
/// its pointers are fetched once, so that reading a value allocates nothing. Values are read as by ``ColumnCells`` does.
package final class ColumnVector {
    /// The type of the values.
    package let type: LogicalType
    /// The values, for as long as this vector is there.
    package let cells: ColumnCells
    /// The vectors that a nested type consists of: one for a list or a map, one for each member of a struct.
    private let children: [ColumnVector]

    private let memory: ChunkMemory

    init(_ vector: duckdb_vector?, of type: LogicalType, count: Int, in memory: ChunkMemory) {
        self.type = type
        self.memory = memory
        cells = ColumnCells(vector, of: type, count: count)
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
    /// The number of values.
    package var count: Int { cells.count }

    /// Whether the row is NULL.
    package func isNull(_ row: Int) -> Bool { cells.isNull(row) }

    /// The value of a BOOLEAN column.
    package func bool(_ row: Int) -> Bool { cells.bool(row) }

    /// The value of a signed integer column, of an unsigned one below UBIGINT, or the index of an ENUM's value.
    package func int64(_ row: Int) -> Int64 { cells.int64(row) }

    /// The value of a UBIGINT column.
    package func uint64(_ row: Int) -> UInt64 { cells.uint64(row) }

    /// The value of a FLOAT or DOUBLE column.
    package func double(_ row: Int) -> Double { cells.double(row) }

    /// The value of a HUGEINT column.
    package func int128(_ row: Int) -> Int128 { cells.int128(row) }

    /// The value of a UUID column.
    package func uuid(_ row: Int) -> UUID { cells.uuid(row) }

    /// The value of a TIMESTAMP or TIMESTAMP WITH TIME ZONE column, in microseconds since 1970.
    package func microseconds(_ row: Int) -> Int64 { cells.microseconds(row) }

    /// The bytes of a VARCHAR or JSON column, which are valid UTF-8, or of a BLOB column; none for NULL.
    ///
    /// The bytes are DuckDB's own and live as long as a vector of the chunk does; hold on to the vector while reading.
    package func bytes(_ row: Int) -> UnsafeRawBufferPointer { cells.bytes(row) }

    /// The value of a VARCHAR or JSON column as a string of its own.
    package func text(_ row: Int) -> String { cells.text(row) }

    /// The rows of ``listElements`` that a row of a LIST or MAP column consists of; none for NULL.
    package func listRange(_ row: Int) -> Range<Int> { cells.listRange(row) }

    /// The elements of all rows of a LIST column; of a MAP column, structs of `key` and `value`.
    package var listElements: ColumnVector {
        precondition(cells.storage == .list, "not a column of lists")
        return children[0]
    }

    /// The members of a STRUCT column, in the order of its type and with its rows.
    package var structFields: [ColumnVector] {
        precondition(cells.storage == .structure, "not a column of structs")
        return children
    }
}
