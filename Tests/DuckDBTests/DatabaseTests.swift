import DuckDB
import Foundation
import Testing

struct DatabaseTests {
    @Test("The library is new enough")
    func libraryNew() {
        #expect("v1.5.5".compare(Database.libraryVersion, options: .numeric) != .orderedDescending)
    }

    @Test("A file keeps its rows after it is closed")
    func fileKeeps() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).duckdb").path()
        defer { unlink(path) }
        try Database(path: path).connect().execute("CREATE TABLE t AS SELECT 42 AS answer")
        let rows = try Database(path: path).connect().query("SELECT answer FROM t").rows()
        #expect(rows == [[.int(42)]])
    }

    @Test("Settings take effect")
    func settingsTake() throws {
        let connection = try Database(configuration: ["threads": "1"]).connect()
        #expect(try connection.query("SELECT current_setting('threads')").scalar() == .int(1))
    }

    @Test("Connections of one database share its tables and keep it open")
    func connectionsOne() throws {
        var database: Database? = try Database()
        let first = try #require(database).connect()
        let second = try #require(database).connect()
        database = nil
        try first.execute("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1)")
        #expect(try second.query("SELECT i FROM t").rows() == [[.int(1)]])
    }

    @Test(
        "What cannot be opened is an error",
        arguments: [
            (nil, ["no_such_setting": "1"]),
            (nil, ["threads": "many"]),
            (nil, ["threads\0": "1"]),
            ("/no/such/folder/file.duckdb", [:]),
            ("file\0.duckdb", [:]),
        ] as [(String?, [String: String])]
    )
    func whatCannot(path: String?, configuration: [String: String]) {
        #expect(throws: DuckDBError.self) { try Database(path: path, configuration: configuration) }
    }

    @Test("A thousand databases leave neither threads nor memory behind")
    func thousandDatabases() async {
        // In a process of its own, since other tests take and leave both.
        await #expect(processExitsWith: .success) {
            func openAndClose() throws {
                let connection = try Database(configuration: ["threads": "5"]).connect()
                let result = try connection.query("SELECT ? || 'b'", [.text("a")])
                #expect(try result.scalar() == .text("ab"))
            }
            try openAndClose()
            let before = try Usage()
            for _ in 0..<1_000 {
                try openAndClose()
            }
            let after = try Usage()
            // Each has four threads of its own.
            #expect(after.threadCount - before.threadCount < 100)
            #expect(after.residentBytes - before.residentBytes < 256 << 20)
        }
    }
}

/// What the process holds, as Linux tells it; nothing elsewhere.
private struct Usage {
    var threadCount = 0
    var residentBytes = 0

    init() throws {
        #if os(Linux)
            threadCount = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
            let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .ascii).split(separator: " ")[1]
            residentBytes = Int(pages)! * Int(getpagesize())
        #endif
    }
}
