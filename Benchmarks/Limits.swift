import CSystemShims
import DuckDB
import Foundation
import RawHTTP
import Synchronization

/// What the machine, and bare DuckDB on it, can do: what the program is measured against.
enum Limits {
    /// A file of NDJSON into a table.
    static func readJSON(_ file: URL) throws -> Duration {
        try timed("CREATE TABLE nodes AS SELECT * FROM read_json(\(file.path.quotedLiteral))", on: Database().connect())
    }

    /// The Parquet files of a snapshot into tables.
    static func load(_ snapshot: URL) throws -> (duration: Duration, database: Database) {
        let database = try Database()
        let connection = try database.connect()
        var total = Duration.zero
        for kind in kinds {
            total += try timed("CREATE TABLE \(kind) AS SELECT * FROM \(parquet(kind, in: snapshot))", on: connection)
        }
        return (total, database)
    }

    /// What the tables of a database take, in bytes.
    static func memory(of database: Database) throws -> Int {
        let connection = try database.connect()
        try connection.compress()
        let sql = "SELECT CAST(sum(memory_usage_bytes) AS BIGINT) FROM duckdb_memory()"
        guard case .int(let bytes)? = try connection.query(sql).scalar() else {
            throw BenchmarkError("DuckDB does not say what its tables take")
        }
        return Int(bytes)
    }

    /// Tables to Parquet files, in the order in which the program writes them, and compressed as the program's are.
    static func copy(_ database: Database, to folder: URL) throws -> Duration {
        let connection = try database.connect()
        try connection.compress()
        var total = Duration.zero
        for kind in kinds {
            let key = kind == "Component" ? "UID" : "id"
            let file = folder.appending(path: "\(kind).parquet").path.quotedLiteral
            total += try timed(
                "COPY (SELECT * FROM \(kind) ORDER BY \(key)) TO \(file) (FORMAT parquet, COMPRESSION zstd)",
                on: connection
            )
        }
        return total
    }

    /// A query whose answer is read to its end, at best of a few times.
    static func query(_ sql: String, _ values: [SQLValue], on database: Database) throws -> Duration {
        let connection = try database.connect()
        return try (0..<5).map { _ in
            let start = ContinuousClock.now
            let result = try connection.query(sql, values)
            while try result.nextChunk() != nil {}
            return ContinuousClock.now - start
        }.min() ?? .zero
    }

    private static let kinds = ["ComputeNode", "BMC", "NodeCollection", "Component"]

    private static func parquet(_ kind: String, in snapshot: URL) -> String {
        "read_parquet(\(snapshot.appending(path: "\(kind).parquet").path.quotedLiteral), hive_partitioning = false)"
    }

    private static func timed(_ sql: String, on connection: Connection) throws -> Duration {
        let start = ContinuousClock.now
        try connection.execute(sql)
        return ContinuousClock.now - start
    }

    /// One append and `fdatasync` after another, as the journal does them.
    static func sync(in folder: URL) throws -> Duration {
        let path = folder.appending(path: "sync").path
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0 else { throw BenchmarkError("cannot write to \(path)") }
        defer { close(file) }
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1024)
        let count = 200
        let start = ContinuousClock.now
        for _ in 0..<count {
            guard write(file, line, line.count) == line.count, no_fdatasync(file) == 0 else {
                throw BenchmarkError("cannot sync \(path)")
            }
        }
        return (ContinuousClock.now - start) / count
    }

    /// Files read, and a checksum over all their bytes.
    static func checksum(_ files: [URL]) throws -> Duration {
        let start = ContinuousClock.now
        var checksum: UInt32 = 0
        for file in files {
            let data = try Data(contentsOf: file)
            checksum = data.withUnsafeBytes { no_crc32c(checksum, $0.baseAddress, $0.count) }
        }
        return ContinuousClock.now - start
    }

    /// A file of so many bytes, sent over loopback by the kernel for one thread and read by another.
    static func send(bytes: Int, in folder: URL) throws -> Duration {
        let path = folder.appending(path: "sent").path
        guard FileManager.default.createFile(atPath: path, contents: Data(repeating: UInt8(ascii: "x"), count: bytes))
        else { throw BenchmarkError("cannot write to \(path)") }
        let file = open(path, O_RDONLY)
        guard file >= 0 else { throw BenchmarkError("cannot read \(path)") }
        defer { close(file) }
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw BenchmarkError("cannot listen") }
        let port = Int(in_port_t(bigEndian: address.sin_port))
        Thread.detachNewThread {
            let peer = accept(listener, nil, nil)
            var left = bytes
            while left > 0 {
                let count = sendfile(peer, file, nil, left)
                if count <= 0 { break }
                left -= count
            }
            close(peer)
        }
        let client = try HTTPConnection(port: port)
        let start = ContinuousClock.now
        guard try client.drain(until: [0]) == bytes else { throw BenchmarkError("the file did not arrive") }
        return ContinuousClock.now - start
    }
}
