import DuckDB
import Testing

struct ConnectionTests {
    let connection: Connection

    init() throws {
        connection = try Database().connect()
    }

    @Test("Several statements are executed in order")
    func severalStatements() throws {
        try connection.execute("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1), (2); DELETE FROM t WHERE i = 1")
        #expect(try connection.query("SELECT i FROM t").rows() == [[.int(2)]])
    }

    @Test("Tables are compressed whatever sizes they were filled in")
    func tablesCompressed() throws {
        let columns = (0..<12).map { "c\($0) VARCHAR" }.joined(separator: ", ")
        try connection.execute("CREATE TABLE t (\(columns))")
        let texts = Array(repeating: "repeat('text ', 4) || range", count: 12).joined(separator: ", ")
        for range in ["0, 131072", "131072, 250000"] {
            try connection.execute("INSERT INTO t SELECT \(texts) FROM range(\(range))")
        }
        let size = "SELECT (sum(memory_usage_bytes) >> 20)::BIGINT FROM duckdb_memory()"
        let before = try connection.query(size).scalar()
        try connection.compress()
        let after = try connection.query(size).scalar()
        guard case .int(let before) = before, case .int(let after) = after else {
            Issue.record("memory is no number")
            return
        }
        #expect(after < before / 2)
    }

    @Test("A query tells its columns and the rows it changed")
    func queryTells() throws {
        try connection.execute("CREATE TABLE t (i INTEGER)")
        #expect(try connection.query("INSERT INTO t VALUES (1), (2), (3)").rowsChanged == 3)
        #expect(try connection.query("UPDATE t SET i = i + 1 WHERE i > ?", [.int(1)]).rowsChanged == 2)
        let result = try connection.query("SELECT i, 'x' AS text FROM t")
        #expect(result.rowsChanged == 0)
        #expect(result.columns == [.init(name: "i", type: .integer), .init(name: "text", type: .varchar)])
    }

    @Test("A prepared statement is executed many times")
    func preparedStatement() throws {
        let statement = try connection.prepare("SELECT ? + $2")
        #expect(statement.parameterCount == 2)
        for number in 0..<100 as Range<Int64> {
            #expect(try statement.query([.int(number), .int(1)]).scalar() == .int(number + 1))
        }
    }

    @Test(
        "An error tells its kind and the statement",
        arguments: [
            ("SELEC 1", .parser),
            ("SELECT * FROM missing", .catalog),
            ("SELECT missing FROM range(1)", .binder),
            ("SELECT CAST('x' || range AS INTEGER) FROM range(1)", .conversion),
            ("INSERT INTO t VALUES (1)", .constraint),
            ("INSERT INTO t VALUES (NULL)", .constraint),
            ("COMMIT", .transaction),
            ("FROM read_csv('/no/such/file')", .io),
            ("SELECT 1\0; SELECT 2", .invalidInput),
        ] as [(String, DuckDBError.Kind)]
    )
    func errorTells(sql: String, kind: DuckDBError.Kind) throws {
        try connection.execute("CREATE TABLE t (i INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)")
        let errors = [
            #expect(throws: DuckDBError.self) { try connection.execute(sql) },
            #expect(throws: DuckDBError.self) { try connection.query(sql).rows() },
        ]
        for error in errors {
            #expect(error?.kind == kind, "\(error)")
            #expect(error?.sql == sql)
            #expect(error?.description.contains(sql) == true)
        }
    }

    @Test("An error keeps no value bound to the statement")
    func errorKeeps() throws {
        try connection.execute("CREATE TABLE t (secret VARCHAR, i INTEGER CHECK (i > 0))")
        let error = try #require(throws: DuckDBError.self) {
            try connection.query("INSERT INTO t VALUES (?, ?)", [.text("hunter2"), .int(0)])
        }
        #expect(error.kind == .constraint)
        #expect(error.sql == "INSERT INTO t VALUES (?, ?)")
        #expect(!"\(error)".contains("hunter2"))
    }

    @Test(
        "An error as logs have it does not quote values, while its message does",
        arguments: [
            ("SELECT CAST(? AS INTEGER)", "Could not convert string"), ("INSERT INTO t SELECT ? FROM range(2)", "key"),
            ("SELECT strptime(?, '%Y-%m')", "Could not parse string"),
        ]
    )
    func errorQuotes(sql: String, reason: String) throws {
        try connection.execute("CREATE TABLE t (secret VARCHAR PRIMARY KEY)")
        let error = try #require(throws: DuckDBError.self) {
            try connection.query(sql, [.text("hunt'er\"2")]).rows()
        }
        #expect(error.message.contains("hunt'er\"2"))
        #expect(
            "\(error)".contains(reason) && !"\(error)".contains("hunt") && !"\(error)".contains("er\"2"),
            "\(error)"
        )
    }

    @Test("An error keeps only the start of a long statement")
    func errorKeepsOnly() throws {
        let sql = "SELEC '" + String(repeating: "x", count: 10_000) + "'"
        let error = try #require(throws: DuckDBError.self) { try connection.execute(sql) }
        #expect(error.sql == String(sql.prefix(DuckDBError.maximumSQLLength)))
    }

    @Test(
        "Too few or too many values are an error",
        arguments: [[], [.int(1)], [.int(1), .int(2), .int(3)]] as [[SQLValue]]
    )
    func tooFew(values: [SQLValue]) {
        #expect(throws: DuckDBError.self) { try connection.query("SELECT ? + ?", values) }
    }

    @Test("A query is one statement")
    func queryOne() {
        #expect(throws: DuckDBError.self) { try connection.query("SELECT 1; SELECT 2") }
    }

    @Test("A transaction that returns is committed")
    func transactionReturns() throws {
        let count = try connection.transaction {
            try connection.execute("CREATE TABLE t AS FROM range(3)")
            return try connection.query("SELECT count(*) FROM t").scalar()
        }
        #expect(count == .int(3))
        #expect(try connection.query("SELECT count(*) FROM t").scalar() == .int(3))
    }

    @Test("A transaction that throws leaves nothing behind")
    func transactionThrows() throws {
        struct Refusal: Error {}
        try connection.execute("CREATE TABLE t (i INTEGER PRIMARY KEY)")
        #expect(throws: Refusal.self) {
            try connection.transaction {
                try connection.execute("INSERT INTO t VALUES (1)")
                throw Refusal()
            }
        }
        let error = try #require(throws: DuckDBError.self) {
            try connection.transaction {
                try connection.execute("INSERT INTO t VALUES (1)")
                try connection.execute("INSERT INTO t VALUES (1)")
            }
        }
        #expect(error.kind == .constraint)
        #expect(try connection.query("SELECT count(*) FROM t").scalar() == .int(0))
    }

    @Test("A transaction whose undoing fails tells both errors")
    func transactionWhose() throws {
        struct Refusal: Error {}
        let error = try #require(throws: DuckDBError.self) {
            try connection.transaction {
                try connection.execute("ROLLBACK")
                throw Refusal()
            }
        }
        #expect(error.kind == .transaction)
        #expect(error.message.contains("Refusal()"))
    }
}
