import DuckDB
import Testing

struct QueryResultTests {
    let connection: Connection

    init() throws {
        connection = try Database().connect()
    }

    @Test("A large result comes in chunks, in order and whole")
    func largeResult() throws {
        let result = try connection.query("SELECT range AS i, 'text number ' || range AS t FROM range(1000000)")
        var expected: Int64 = 0
        var chunks = 0
        var isGood = true
        while let chunk = try result.nextChunk() {
            chunks += 1
            for row in 0..<chunk.count {
                let text = String(decoding: chunk[1].bytes(row), as: UTF8.self)
                isGood = isGood && chunk[0].int64(row) == expected && text == "text number \(expected)"
                expected += 1
            }
        }
        #expect(isGood)
        #expect(expected == 1_000_000)
        #expect(chunks > 100)
    }

    @Test("A result without rows has columns")
    func resultWithout() throws {
        let result = try connection.query("SELECT 1 AS i WHERE false")
        #expect(result.columns.map(\.name) == ["i"])
        #expect(try result.scalar() == nil)
        #expect(try result.rows().isEmpty)
    }

    @Test("More rows than fit are an error")
    func moreRows() throws {
        let most = QueryResult.maximumRowCount
        #expect(try connection.query("FROM range(\(most))").rows().count == most)
        #expect(throws: DuckDBError.self) { try connection.query("FROM range(\(most + 1))").rows() }
    }

    @Test("A failure after some chunks is an error")
    func failureAfter() throws {
        // With several, what comes first may be that another one was interrupted for the failure.
        try connection.execute("SET threads = 1")
        let sql = "SELECT CASE WHEN range < 900000 THEN 1 ELSE error('late') END FROM range(1000000)"
        let result = try connection.query(sql)
        #expect(try result.nextChunk() != nil)
        let error = try #require(throws: DuckDBError.self) {
            while try result.nextChunk() != nil {}
        }
        #expect(error.message.contains("late"))
        #expect(error.sql == sql)
    }

    @Test("The next statement ends the reading of a result")
    func nextStatement() throws {
        let result = try connection.query("FROM range(1000000)")
        #expect(try result.nextChunk() != nil)
        #expect(try connection.query("SELECT 1").scalar() == .int(1))
        #expect(throws: DuckDBError.self) {
            while try result.nextChunk() != nil {}
        }
    }

    @Test("A vector outlives the result and the chunk it is from")
    func vectorOutlives() throws {
        func vector() throws -> ColumnVector {
            let chunk = try Database().connect().query("SELECT ['a longer text than fits in place']").nextChunk()
            return try #require(chunk)[0].listElements
        }
        let elements = try vector()
        #expect(String(decoding: elements.bytes(0), as: UTF8.self) == "a longer text than fits in place")
    }

    @Test("Rows that a statement changes and returns are changed though nobody reads them")
    func rowsStatement() throws {
        try connection.execute("CREATE TABLE t (i INTEGER)")
        _ = try connection.query("INSERT INTO t SELECT range FROM range(100000) RETURNING i")
        #expect(try connection.query("SELECT count(*) FROM t").scalar() == .int(100_000))
    }
}
