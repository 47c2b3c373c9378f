import Foundation
import PostgreSQL
import TestSupport
import Testing

@Suite("PostgreSQL")
struct PostgresConnectionTests {
    @Test(
        "has locations that are read and shown without what is secret",
        arguments: [
            ("postgres://u@db1:5432,db2/inventory?sslmode=require", "postgres://db1:5432,db2/inventory"),
            ("postgresql://db/x", "postgres://db/x"),
            ("postgres:///x?host=/run/postgresql", "postgres:///run/postgresql/x"),
        ]
    )
    func location(text: String, shown: String) throws {
        #expect(try PostgresLocation(text).description == shown)
    }

    @Test(
        "has no locations with passwords, nor those that are none, and does not repeat them",
        arguments: [
            "postgres://u:geheim@db/x", "postgres://db/x?password=geheim", "postgres://u:geheim@[/x", "db geheim",
            "mysql://geheim",
        ]
    )
    func badLocation(text: String) {
        #expect {
            try PostgresLocation(text)
        } throws: {
            ($0 as? PostgresError)?.kind == .location && !"\($0)".contains("geheim")
        }
    }

    @Test("takes texts, numbers and lists as they are", .enabled(if: TestPostgres.isWanted))
    func values() throws {
        let location = try PostgresLocation(TestPostgres.database())
        let connection = try PostgresConnection.open(location, name: "test", within: .seconds(5))
        let texts = ["", "it's {a,\"b\"}\\", "ü\u{1F600}", "null", String(repeating: "x", count: 3 << 20)]
        let (rows, warnings) = try connection.run(
            "SELECT $1, $2, t, n FROM unnest($3, $4) AS given(t, n)",
            [.text("a'b"), .number(-7), .texts(texts.map { Array($0.utf8) }), .numbers([1, -2, 3, .max, .min])],
            within: .seconds(5)
        )
        #expect(warnings.isEmpty)
        #expect((0..<rows.count).map { rows.text($0, 2) } == texts)
        #expect((0..<rows.count).map { rows.number($0, 3) } == [1, -2, 3, .max, .min])
        #expect(rows.text(0, 0) == "a'b" && rows.number(0, 1) == -7)
        #expect(try connection.run("SELECT NULL", within: .seconds(5)).rows.text(0, 0) == nil)
    }

    @Test("tells a refusal from a lost connection, and keeps to its time", .enabled(if: TestPostgres.isWanted))
    func faults() throws {
        let location = try PostgresLocation(TestPostgres.database())
        let connection = try PostgresConnection.open(location, name: "test", within: .seconds(5))
        #expect(throws: PostgresError.self) { try connection.run("SELECT 1/0", within: .seconds(5)) }
        let warnings = try connection.run(
            "DO $$ BEGIN RAISE WARNING 'careful'; RAISE NOTICE 'hello'; END $$",
            within: .seconds(5)
        ).warnings
        #expect(warnings == ["careful"])
        let start = ContinuousClock.now
        #expect {
            try connection.run("SELECT pg_sleep(60)", within: .milliseconds(300))
        } throws: {
            ($0 as? PostgresError)?.kind == .connection
        }
        #expect(ContinuousClock.now - start < .seconds(30))
        #expect(throws: PostgresError.self) { try connection.run("SELECT 1", within: .seconds(5)) }
        let other = try PostgresConnection.open(location, name: "test", within: .seconds(5))
        #expect {
            try other.run("SELECT pg_terminate_backend(pg_backend_pid())", within: .seconds(5))
        } throws: {
            ($0 as? PostgresError)?.kind == .connection
        }
    }
}
