import CDuckDB
import CSystemShims
package import Foundation

/// An open DuckDB database, in a file or in memory.
///
/// The database is closed when the last reference to it, its connections, and what they made is gone.
package final class Database: Sendable {
    // Unsafe only in name: DuckDB allows the handle on any thread, and it is constant until `deinit`.
    nonisolated(unsafe) let handle: duckdb_database
    /// Tells functions of SQL when to stop.
    let interrupted = InterruptedConnections()

    /// Opens a database.
    ///
    /// - Parameters:
    ///   - path: The file, made if it does not exist; nil for a database in memory.
    ///   - configuration: DuckDB's settings by name, <https://duckdb.org/docs/stable/configuration/overview>.
    /// - Throws: When a setting is unknown or the file cannot be opened.
    package init(path: String? = nil, configuration: [String: String] = [:]) throws(DuckDBError) {
        try path?.checkForNUL()
        var settings: duckdb_config?
        defer { duckdb_destroy_config(&settings) }
        guard duckdb_create_config(&settings) == DuckDBSuccess else {
            throw DuckDBError(.outOfMemory, "Out of Memory Error: no settings can be made")
        }
        for (name, value) in configuration {
            try name.checkForNUL()
            try value.checkForNUL()
            guard duckdb_set_config(settings, name, value) == DuckDBSuccess else {
                throw DuckDBError(.invalidInput, "Invalid Input Error: no setting \(name) takes the value \(value)")
            }
        }
        var handle: duckdb_database?
        var message: UnsafeMutablePointer<CChar>?
        let state = duckdb_open_ext(path, &handle, settings, &message)
        defer { duckdb_free(message) }
        guard state == DuckDBSuccess, let handle else { throw DuckDBError(message: message) }
        self.handle = handle
    }

    deinit {
        var handle: duckdb_database? = handle
        duckdb_close(&handle)
    }

    /// Opens a connection, which sees what other connections of this database have committed.
    package func connect() throws(DuckDBError) -> Connection {
        try Connection(to: self)
    }

    /// Where the linked library is.
    package static var libraryPath: URL? {
        no_library_of("duckdb_library_version").map { URL(filePath: String(cString: $0)) }
    }

    /// The version of the linked library, such as `v1.5.5`.
    package static var libraryVersion: String {
        String(cString: duckdb_library_version())
    }
}
