import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

/// Statements that try to read, write or reach what is no table of the inventory.
@Suite("Queries that want out", .timeLimit(.minutes(10)))
struct QueryWallTests {
    /// What stands in a file that no statement may read.
    private static let canary = "what only the administrator knows"
    private static let patient = ["--query-timeout", "4m"]

    /// What is read from, with `$FILE` for the canary, `$PARQUET` for a snapshot and `$DATA` for the data directory.
    private static let tables = [
        "'$FILE'", "\"$FILE\"", "'$PARQUET'", "'$DATA/*'", "'$DATA/../*'", "'s3://bucket/a/../../other/x.parquet'",
        "'s3://bucket/?.parquet'", "'https://localhost/x.csv'", "'/proc/self/environ'", "'file:$FILE'",
        "read_text('$FILE')",
        "read_blob('$FILE')", "read_csv('$FILE')", "read_csv_auto('$FILE')", "read_json('$FILE')",
        "read_json_auto('$FILE')",
        "read_ndjson('$FILE')", "read_json_objects('$FILE')", "read_parquet('$PARQUET')", "parquet_scan('$PARQUET')",
        "parquet_metadata('$PARQUET')", "parquet_schema('$PARQUET')", "parquet_kv_metadata('$PARQUET')",
        "parquet_file_metadata('$PARQUET')", "parquet_bloom_probe('$PARQUET', 'id', 'x')", "sniff_csv('$FILE')",
        "read_duckdb('$FILE')", "glob('$DATA/*')", "glob('/etc/*')", "sqlite_scan('$FILE', 'x')",
        "postgres_query('x', 'SELECT 1')", "postgres_scan('host=localhost', 'public', 'x')",
        "mysql_query('x', 'SELECT 1')",
        "iceberg_scan('$DATA')", "delta_scan('$DATA')", "query('SELECT * FROM duckdb_settings()')",
        "query('SELECT * FROM read_text(''$FILE'')')", "query_table('duckdb_settings')",
        "query_table(['compute_nodes'])", "json_execute_serialized_sql(json_serialize_sql('SELECT 42'))",
        "duckdb_settings()",
        "duckdb_secrets()", "duckdb_secrets", "duckdb_views", "duckdb_views()", "duckdb_tables", "duckdb_tables()",
        "duckdb_columns", "duckdb_databases()", "duckdb_functions()", "duckdb_extensions()", "duckdb_logs",
        "duckdb_logs_parsed('x')",
        "duckdb_memory()", "duckdb_temporary_files()", "duckdb_external_file_cache()", "duckdb_variables()",
        "pragma_version()",
        "pragma_table_info('ComputeNode')", "pragma_storage_info('ComputeNode')", "pragma_database_list",
        "pragma_show('x')",
        "which_secret('s3://x', 's3')", "sqlite_master", "sqlite_schema", "pg_catalog.pg_tables", "pg_tables",
        "information_schema.tables", "information_schema.schemata", "main.duckdb_tables", "system.main.duckdb_settings",
        "main.compute_nodes", "memory.main.compute_nodes", "temp.removed", "removed", "\"ComputeNode\"",
        "\"ComputeNode.changed\"",
        "enable_logging()", "disable_logging()", "enable_profiling()", "truncate_duckdb_logs()", "checkpoint()",
        "force_checkpoint()", "seq_scan('ComputeNode')", "arrow_scan(1, 2, 3)", "pandas_scan(1)",
        "python_map_function(1)",
        "test_all_types()", "test_vector_types(NULL)", "repeat_row(1, num_rows = 9)", "icu_calendar_names()",
        "pg_timezone_names()", "compute_nodes AT (VERSION => 1)",
    ]

    private static let values = [
        "getenv('HOME')", "current_setting('allowed_directories')", "current_setting('secret_directory')",
        "getvariable('x')",
        "read_text('$FILE')", "'$FILE'.read_text()", "current_query()", "current_database()", "current_schemas(true)",
        "write_log('x')", "pg_sleep(1)", "sleep_ms(1)", "nextval('x')", "currval('x')", "txid_current()", "version()",
        "json_serialize_plan('SELECT 1')", "json_serialize_sql('SELECT 1')", "json_deserialize_sql('{}')",
        "parse_duckdb_log_message('x', 'y')", "setseed(0.1)", "stats(1)", "vector_type(1)", "pg_get_viewdef(1)",
        "obj_description(1, 'x')", "has_table_privilege('x', 'y')", "inet_server_addr()", "current_connection_id()",
        "icu_sort_key('a', 'b')", "create_sort_key(1, 'ASC')", "__internal_compress_string_ubigint('x')",
        "in_search_path('a', 'b')",
        "main.getenv('HOME')", "system.main.current_setting('threads')", "(1).cast_to_type(current_setting('threads'))",
        "CAST(1 AS DECIMAL(getenv('x'), 1))", "map_to_pg_oid('x')", "get_block_size('x')",
    ]

    private static let statements = [
        "INSTALL httpfs", "LOAD httpfs", "LOAD '$FILE'", "FORCE INSTALL sqlite", "UPDATE EXTENSIONS",
        "ATTACH '$FILE' AS x",
        "ATTACH ':memory:' AS x", "DETACH memory", "USE memory", "SET threads = 64",
        "SET GLOBAL memory_limit = '100GB'",
        "RESET memory_limit", "SET VARIABLE x = 1", "PRAGMA version", "PRAGMA database_list", "PRAGMA enable_profiling",
        "PRAGMA memory_limit = '1TB'", "CALL pragma_version()", "CALL enable_logging()", "CALL checkpoint()",
        "CHECKPOINT",
        "FORCE CHECKPOINT", "COPY compute_nodes TO '$DATA/out.csv'", "COPY (SELECT 1) TO '/tmp/out.csv'",
        "COPY bmcs FROM '$FILE'", "COPY FROM DATABASE memory TO x", "EXPORT DATABASE '$DATA/out'",
        "IMPORT DATABASE '$DATA'",
        "CREATE TABLE x (a INTEGER)", "CREATE TEMP TABLE x AS SELECT 1", "CREATE OR REPLACE VIEW bmcs AS SELECT 1",
        "CREATE MACRO f() AS 1", "CREATE SECRET s (TYPE s3)", "CREATE SCHEMA s", "CREATE SEQUENCE s",
        "CREATE TYPE t AS INTEGER",
        "CREATE INDEX i ON bmcs(id)", "DROP VIEW compute_nodes", "DROP TABLE \"ComputeNode\"",
        "ALTER TABLE bmcs RENAME TO x",
        "INSERT INTO bmcs VALUES (1)", "UPDATE bmcs SET id = 1", "DELETE FROM bmcs", "TRUNCATE bmcs",
        "MERGE INTO bmcs USING bmcs AS o ON true WHEN MATCHED THEN DELETE", "BEGIN", "COMMIT", "ROLLBACK",
        "PREPARE p AS SELECT 1", "EXECUTE p", "DEALLOCATE p", "EXPLAIN SELECT 1", "EXPLAIN ANALYZE SELECT * FROM bmcs",
        "VACUUM", "ANALYZE", "SHOW TABLES", "SHOW ALL TABLES", "SHOW DATABASES", "SHOW VARIABLES", "DESCRIBE",
        "SHOW TABLES FROM memory",
        "COMMENT ON TABLE bmcs IS 'x'", "SELECT 1; DROP VIEW bmcs", "PIVOT bmcs ON xname",
        "WITH x AS (DELETE FROM bmcs RETURNING *) FROM x",
        "WITH x AS (INSERT INTO bmcs VALUES (1) RETURNING *) SELECT * FROM x",
        "SELECT * FROM (DESCRIBE duckdb_settings())",
        "SUMMARIZE duckdb_settings()", "DESCRIBE '$FILE'", "SUMMARIZE '$FILE'", "SELECT * FROM (SHOW TABLES)",
        "WITH RECURSIVE duckdb_views AS (SELECT sql FROM duckdb_views UNION SELECT sql FROM duckdb_views WHERE false) FROM duckdb_views",
        "WITH RECURSIVE \"$PARQUET\" AS (FROM \"$PARQUET\" UNION ALL FROM \"$PARQUET\" WHERE false) FROM \"$PARQUET\"",
        "WITH \"duc\u{212A}db_views\" AS (SELECT 1) SELECT * FROM duckdb_views",
        "WITH \"a b\" AS (SELECT 1) FROM \"a b\"",
        "SELECT * FROM (WITH RECURSIVE sqlite_master AS (FROM sqlite_master UNION FROM sqlite_master) FROM sqlite_master)",
        "FROM range(1 ORDER BY getenv('HOME'))", "SELECT 1 INTO x", "TABLE duckdb_settings", "LISTEN x", "KILL 1",
        "WITH bmcs AS (SELECT * FROM bmcs_) SELECT * FROM bmcs", "SELECT * FROM (WITH x AS (SELECT 1) FROM x), x",
        "WITH duckdb_tables AS (SELECT * FROM duckdb_tables) SELECT * FROM duckdb_tables",
        "WITH a AS (FROM b), b AS (SELECT 1) SELECT * FROM a",
        "SELECT * FROM bmcs) AS x, (SELECT * FROM duckdb_settings()",
    ]

    /// Every way out, by itself and inside of others.
    private static let waysOut =
        tables.flatMap { table in
            [
                "SELECT * FROM \(table)", "FROM \(table)", "WITH x AS (SELECT * FROM \(table)) SELECT * FROM x",
                "SELECT (SELECT count(*) FROM \(table))", "SELECT * FROM bmcs WHERE EXISTS (FROM \(table))",
                "SELECT * FROM compute_nodes, LATERAL (SELECT * FROM \(table))",
                "SELECT 1 UNION ALL SELECT 1 FROM \(table)",
                "SELECT * FROM (PIVOT \(table) ON a IN (1) USING count(*))", "SUMMARIZE SELECT * FROM \(table)",
            ]
        }
        + values.flatMap { value in
            [
                "SELECT \(value)", "SELECT * FROM bmcs WHERE (\(value))::VARCHAR IS NOT NULL",
                "SELECT [x FOR x IN [\(value)]]",
                "SELECT list_transform([1], lambda x: \(value))", "SELECT 1 FROM bmcs ORDER BY \(value)",
                "SELECT * FROM range(10) LIMIT (SELECT \(value))",
                "SELECT sum(1) FILTER (\(value) IS NOT NULL) FROM bmcs",
                "SELECT row_number() OVER (ORDER BY \(value)) FROM bmcs", "SELECT * FROM unnest([\(value)])",
                "VALUES (\(value))", "SELECT * REPLACE (\(value) AS id) FROM bmcs",
                "SELECT CASE WHEN true THEN \(value) END",
            ]
        }
        + statements.flatMap { [$0, "SELECT 1; \($0)", "WITH x AS (\($0)) SELECT 1", "SELECT * FROM (\($0))"] }

    private func prepared() async throws -> (server: ServerProcess, names: [(String, String)]) {
        let workspace = try Workspace()
        let file = try workspace.file("canary", Self.canary)
        let server = try await ServerProcess(in: workspace, Self.patient)
        let body = #"{"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0"}"#
        #expect(try server.write("POST", "/ComputeNode", body).status == 201)
        let snapshot = try JSONValue(parsing: server.write("POST", "/snapshots").body)
        guard case .string(let id)? = snapshot["id"] else { throw ServerError(output: snapshot.text) }
        let parquet = workspace.data.appending(path: "snapshots/snapshot=\(id)/ComputeNode.parquet").path
        return (server, [("$FILE", file), ("$PARQUET", parquet), ("$DATA", workspace.data.path)])
    }

    private static func filled(_ statement: String, _ names: [(String, String)]) -> String {
        names.reduce(statement) { $0.replacing($1.0, with: $1.1) }
    }

    @Test("are refused, whatever stands around what they want")
    func waysOut() async throws {
        let (server, names) = try await prepared()
        #expect(try server.rows("SELECT count(*) FROM compute_nodes") == [[1]])
        let worker = try server.workers
        let files = try server.workspace.everyFile.map(\.path)
        for way in Self.waysOut {
            let answer = try server.query(Self.filled(way, names))
            #expect(answer.status == 400, "\(way): \(answer.text.prefix(300))")
            #expect(!answer.text.contains(Self.canary), "\(way)")
        }
        for table in ["read_text($1)", "glob($1)", "$1", "query($1)"] {
            let path = Self.filled("$FILE", names)
            #expect(try server.query("SELECT * FROM \(table)", [.string(path)]).status == 400, "\(table)")
        }
        #expect(try server.rows("SELECT count(*) FROM compute_nodes") == [[1]])
        #expect(try server.workers == worker)
        #expect(try server.workspace.everyFile.map(\.path) == files)
        #expect(Self.waysOut.count > 1000)
    }

    @Test("are refused where they are made of others by chance, and end no process but a worker")
    func fuzz() async throws {
        let (server, names) = try await prepared()
        var random = SeededGenerator(seed: 16)
        let good = [
            "SELECT hostname, count(*) FROM compute_nodes GROUP BY ALL ORDER BY 1",
            "SELECT * FROM bmcs b JOIN network_interfaces USING (mac_address)",
            "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 9) SELECT sum(n) FROM t",
            "SELECT xname, row_number() OVER (PARTITION BY architecture ORDER BY xname) FROM compute_nodes",
            "SELECT unnest(network_interfaces) FROM compute_nodes",
            "SELECT * FROM changes WHERE sequence BETWEEN 1 AND 9",
            "SELECT patch->>'$[0].op', document->'id' FROM changes", "DESCRIBE compute_nodes",
            "SELECT 'x' || hostname[1:2] FROM compute_nodes",
        ]
        let sources = good + good + Self.waysOut.map { Self.filled($0, names) }
        let end = ContinuousClock.now + .seconds(30)
        var count = 0
        var statuses: [Int: Int] = [:]
        while .now < end {
            var words = Self.words(sources.randomElement(using: &random) ?? "")
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let other = Self.words(sources.randomElement(using: &random) ?? "")
                let place = Int.random(in: 0...words.count, using: &random)
                let (low, high) = (
                    Int.random(in: 0...other.count, using: &random), Int.random(in: 0...other.count, using: &random)
                )
                switch Int.random(in: 0..<4, using: &random) {
                case 0: words.insert(contentsOf: other[min(low, high)..<max(low, high)], at: place)
                case 1: words.removeSubrange(min(place, low)..<min(words.count, max(place, low)))
                case 2: words.insert(random.string(), at: place)
                default: words = Array(words[..<place]) + ["("] + other + [")"] + Array(words[place...])
                }
            }
            let sql = words.joined()
            let answer = try server.query(sql)
            statuses[answer.status, default: 0] += 1
            count += 1
            #expect([200, 400].contains(answer.status), "\(random), \(count): \(sql): \(answer.text.prefix(300))")
            #expect(!answer.text.contains(Self.canary), "\(random), \(count): \(sql)")
        }
        #expect(statuses.keys.sorted() == [200, 400], "\(statuses)")
        #expect(!server.log.contains("worker has died"), "\(random)")
        #expect(try server.rows("SELECT count(*) FROM compute_nodes") == [[1]])
        #expect(try JSONValue(parsing: server.write("GET", "/ComputeNode?count=true").body)["count"] == 1)
        #expect(try server.rows("SELECT max(sequence) FROM changes") == [[1]])
    }

    /// A statement as words and what stands between them.
    private static func words(_ statement: String) -> [String] {
        var words: [String] = []
        for character in statement {
            if character.isLetter || character == "_", let last = words.last?.last, last.isLetter || last == "_" {
                words[words.count - 1].append(character)
            } else {
                words.append(String(character))
            }
        }
        return words
    }
}
