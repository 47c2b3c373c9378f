import CDuckDB
package import Foundation

/// Rows that are written column by column in DuckDB's memory, to be appended by an ``Appender`` in one step.
package final class RowChunk {
    let handle: duckdb_data_chunk

    /// How many rows a chunk can have.
    package static let capacity = Int(duckdb_vector_size())

    /// - Parameter types: Those of the columns.
    init(_ types: [duckdb_logical_type?]) {
        var types = types
        guard let chunk = duckdb_create_data_chunk(&types, idx_t(types.count)) else {
            preconditionFailure("a chunk can have the columns of any table")
        }
        handle = chunk
    }

    deinit {
        var chunk: duckdb_data_chunk? = handle
        duckdb_destroy_data_chunk(&chunk)
    }

    /// How many rows there are, all of whose values have been written.
    package var count: Int {
        get { Int(duckdb_data_chunk_get_size(handle)) }
        set { duckdb_data_chunk_set_size(handle, idx_t(newValue)) }
    }

    /// Where the values of a column are written, from left to right.
    package subscript(column: Int) -> WritableCells {
        WritableCells(duckdb_data_chunk_get_vector(handle, idx_t(column)), capacity: Self.capacity)
    }
}

/// Where the values of a column of a ``RowChunk``, or of a part of a nested column, are written. Every row has a value
/// unless it is set to NULL.
///
/// The chunk does not keep the memory, so that writing and copying costs no reference count: whoever writes holds on to the
/// chunk. Writing another type than the column's, or a row that there is no room for, traps.
package struct WritableCells: BitwiseCopyable {
    /// How many values there is room for.
    package let capacity: Int
    private let vector: duckdb_vector?
    private let storage: ColumnCells.Storage
    private let data: UnsafeMutableRawPointer?
    /// One bit a row, set for a value.
    private let validity: UnsafeMutablePointer<UInt64>

    init(_ vector: duckdb_vector?, capacity: Int) {
        self.vector = vector
        self.capacity = capacity
        storage = ColumnCells.Storage(of: LogicalType(consuming: duckdb_vector_get_column_type(vector)))
        data = duckdb_vector_get_data(vector)
        duckdb_vector_ensure_validity_writable(vector)
        validity = duckdb_vector_get_validity(vector)!
    }

    /// Makes a row NULL; the members of a STRUCT must be made so too.
    package func setNull(_ row: Int) {
        precondition(row >= 0 && row < capacity, "row out of bounds")
        validity[row >> 6] &= ~(1 << UInt64(row & 63))
    }

    /// Sets the value of a BOOLEAN column.
    package func set(_ row: Int, to value: Bool) { store(value, row, as: .bool) }

    /// Sets the value of a BIGINT column.
    package func set(_ row: Int, to value: Int64) { store(value, row, as: .int64) }

    /// Sets the value of a UBIGINT column.
    package func set(_ row: Int, to value: UInt64) { store(value, row, as: .uint64) }

    /// Sets the value of a DOUBLE column.
    package func set(_ row: Int, to value: Double) { store(value, row, as: .double) }

    /// Sets the value of a UUID column.
    package func set(_ row: Int, to value: UUID) { store(value.stored, row, as: .uuid) }

    /// Sets the value of a TIMESTAMP or TIMESTAMP WITH TIME ZONE column, in microseconds since 1970.
    package func set(_ row: Int, toMicroseconds value: Int64) { store(value, row, as: .microseconds) }

    /// Sets the value of a VARCHAR or JSON column.
    ///
    /// - Parameter text: Valid UTF-8, copied.
    package func set(_ row: Int, toUTF8 text: UnsafeRawBufferPointer) {
        precondition(storage == .bytes && row >= 0 && row < capacity, "another type than the column's, or row")
        // Without bytes there may be no address, which DuckDB does not take.
        guard let start = text.baseAddress else {
            duckdb_unsafe_vector_assign_string_element_len(vector, idx_t(row), "", 0)
            return
        }
        let characters = start.assumingMemoryBound(to: CChar.self)
        duckdb_unsafe_vector_assign_string_element_len(vector, idx_t(row), characters, idx_t(text.count))
    }

    /// Makes a row of a LIST or MAP column consist of some of its ``elements(capacity:)``.
    package func set(_ row: Int, toElements range: Range<Int>) {
        let entry = duckdb_list_entry(offset: UInt64(range.lowerBound), length: UInt64(range.count))
        store(entry, row, as: .list)
    }

    /// Where a member of a STRUCT column is written, in the order of its type and with its rows.
    package func member(_ index: Int) -> WritableCells {
        precondition(storage == .structure, "not a column of structs")
        return WritableCells(duckdb_struct_vector_get_child(vector, idx_t(index)), capacity: capacity)
    }

    /// Where the elements of a LIST column are written, those of all rows one behind the other; of a MAP column, structs
    /// of `key` and `value`.
    ///
    /// - Parameter capacity: How many there is room for from now on. With more than before, what was there moves to
    ///   other cells.
    package func elements(capacity: Int) -> WritableCells {
        precondition(storage == .list, "not a column of lists")
        let state = duckdb_list_vector_reserve(vector, idx_t(capacity))
        precondition(state == DuckDBSuccess, "DuckDB has no memory")
        return WritableCells(duckdb_list_vector_get_child(vector), capacity: capacity)
    }

    /// Says how many elements of a LIST or MAP column have been written.
    package func setElementCount(_ count: Int) {
        precondition(storage == .list, "not a column of lists")
        duckdb_list_vector_set_size(vector, idx_t(count))
    }

    private func store<Value: BitwiseCopyable>(_ value: Value, _ row: Int, as expected: ColumnCells.Storage) {
        precondition(storage == expected, "another type than the column's")
        precondition(row >= 0 && row < capacity, "row out of bounds")
        data!.storeBytes(of: value, toByteOffset: row * MemoryLayout<Value>.stride, as: Value.self)
    }
}
