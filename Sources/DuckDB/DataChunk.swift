import CDuckDB

/// Some rows of a result, stored by column.
package struct DataChunk {
    /// The number of rows.
    package let count: Int
    private let columns: [ColumnVector]

    init(consuming chunk: duckdb_data_chunk, columns: [QueryResult.Column]) {
        self.init(chunk, columns: columns, in: ChunkMemory(chunk))
    }

    /// Reads a chunk that is DuckDB's, for as long as that lets it.
    init(borrowing chunk: duckdb_data_chunk, columns: [QueryResult.Column]) {
        self.init(chunk, columns: columns, in: ChunkMemory(nil))
    }

    private init(_ chunk: duckdb_data_chunk, columns: [QueryResult.Column], in memory: ChunkMemory) {
        let count = Int(duckdb_data_chunk_get_size(chunk))
        self.count = count
        self.columns = columns.enumerated().map { index, column in
            let vector = duckdb_data_chunk_get_vector(chunk, idx_t(index))
            return ColumnVector(vector, of: column.type, count: count, in: memory)
        }
    }

    /// The values of a column, from left to right.
    package subscript(column: Int) -> ColumnVector {
        columns[column]
    }
}

/// Owns a chunk of DuckDB's, and with it the memory of all its vectors; nothing where DuckDB owns it.
final class ChunkMemory {
    private let chunk: duckdb_data_chunk?

    init(_ chunk: duckdb_data_chunk?) {
        self.chunk = chunk
    }

    deinit {
        var chunk = chunk
        duckdb_destroy_data_chunk(&chunk)
    }
}
