import DuckDB
import Foundation
import Synchronization
import Testing

struct ForEachChunkTests {
    let connection: Connection

    init() throws {
        connection = try Database().connect()
    }

    /// Where DuckDB has values of few kinds in a dictionary, or one value for all rows, it is at any level.
    @Test(
        "Every row is as DuckDB's own JSON, computed or from Parquet",
        arguments: [
            "word", "'constant'", "list", "{'w': word, 'c': 'constant', 'n': CASE WHEN number % 2 = 0 THEN word END}",
            "[{'w': word, 'l': list}, NULL, {'w': 'constant', 'l': []}]", "MAP {word: list}",
            "MAP {'constant': {'w': word}}",
            "CASE WHEN number % 3 = 0 THEN NULL ELSE {'l': [[word]], 'w': word} END",
            "list_transform(list, lambda x: word)",
        ]
    )
    func everyRow(expression: String) throws {
        let table = """
            (SELECT range AS number, 'a word that is long ' || range % 7 AS word, range(range % 5) AS list
            FROM range(10000))
            """
        let computed = "SELECT v, to_json(v)::VARCHAR AS text FROM (SELECT \(expression) AS v FROM \(table))"
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).parquet")
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: file) } }
        try connection.execute("COPY (\(computed)) TO '\(file.path)' (ROW_GROUP_SIZE 2048)")
        for sql in [
            computed, "FROM read_parquet('\(file.path)')", "FROM read_parquet('\(file.path)') WHERE random() < 2",
        ] {
            let counts = Mutex((equal: 0, all: 0))
            try connection.forEachChunk(of: sql) { chunk in
                let equal = (0..<chunk.count).count { row in
                    let text = chunk[1].isNull(row) ? "null" : String(decoding: chunk[1].bytes(row), as: UTF8.self)
                    return chunk[0].json(row) == text
                }
                counts.withLock { $0 = ($0.equal + equal, $0.all + chunk.count) }
            }
            #expect(counts.withLock { $0 } == (10_000, 10_000))
        }
    }

    @Test("No rows are no chunks")
    func rowsChunks() throws {
        try connection.forEachChunk(of: "SELECT 1 AS i WHERE false") { chunk in #expect(chunk.count == 0) }
    }

    @Test("The first error ends it, and the connection goes on")
    func firstError() throws {
        struct Refusal: Error {}
        #expect(throws: Refusal.self) {
            try connection.forEachChunk(of: "SELECT range AS i FROM range(1000000)") { _ in throw Refusal() }
        }
        let error = try #require(throws: DuckDBError.self) {
            try connection.forEachChunk(of: "SELECT error('broken') AS i FROM range(3)") { _ in }
        }
        #expect(error.message.contains("broken"))
        #expect(try connection.query("SELECT 1").scalar() == .int(1))
    }

    @Test("What it leaves in the catalog cannot be used")
    func whatLeaves() throws {
        try connection.forEachChunk(of: "SELECT 1 AS i") { _ in }
        let sql = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_name LIKE 'for_each_chunk%'"
        guard case .text(let name) = try connection.query(sql).scalar() else {
            Issue.record("there is no function")
            return
        }
        let error = try #require(throws: DuckDBError.self) { try connection.query("SELECT \(name)(1)").rows() }
        #expect(error.message.contains("over"))
    }
}
