import CDuckDB

/// Some rows of a result, stored by column.
package struct DataChunk {
    /// The number of rows.
    package let count: Int
    private let columns: [ColumnVector]

    init(consuming chunk: duckdb_data_chunk, columns: [QueryResult.Column]) {
        let memory = ChunkMemory(chunk)
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

/// Owns a chunk of DuckDB's, and with it the memory of all its vectors.
final class ChunkMemory {
    private let chunk: duckdb_data_chunk

    init(_ chunk: duckdb_data_chunk) {
        self.chunk = chunk
    }

    deinit {
        var chunk: duckdb_data_chunk? = chunk
        duckdb_destroy_data_chunk(&chunk)
    }
}
