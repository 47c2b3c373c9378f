import DuckDB
import Foundation

/// The engine of a worker: opened, given what is attached, and then closed to everything else.
final class WorkerDatabase {
    private let database: Database
    /// Opens tables and changes them; statements have connections of their own.
    let connection: Connection
    let attached: AttachedData
    private let settings: WorkerSettings
    private var catalogs = 0

    /// Opens the engine, with one thread, so that the process can be walled in afterwards.
    init(_ settings: WorkerSettings) throws {
        self.settings = settings
        database = try Database(
            configuration: [
                "threads": "1", "memory_limit": "\(settings.memory)B", "temp_directory": "",
                "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
            ]
        )
        connection = try database.connect()
        attached = AttachedData(settings.attachments, settings.access, database, on: connection)
    }

    /// Has the engine see nothing any more but what it has been given.
    func close() throws {
        let folders = [settings.folder, settings.answers] + attached.folders
        let files = settings.linkedFiles + attached.files
        try connection.execute(
            """
            SET GLOBAL threads = \(settings.threads);
            SET GLOBAL TimeZone = 'UTC';
            SET GLOBAL parquet_metadata_cache = true;
            SET GLOBAL allowed_directories = [\(folders.map(\.quotedLiteral).joined(separator: ", "))];
            SET GLOBAL allowed_paths = [\(files.map(\.quotedLiteral).joined(separator: ", "))];
            SET GLOBAL enable_external_access = false;
            SET GLOBAL lock_configuration = true;
            """
        )
    }

    func connect() throws -> Connection { try database.connect() }

    /// Makes a catalog of tables.
    func makeCatalog() throws -> WorkerCatalog {
        catalogs += 1
        return try WorkerCatalog(catalogs, in: self)
    }
}

/// Tables of one moment, under the names that statements use.
final class WorkerCatalog {
    private let name: String
    private let database: WorkerDatabase
    /// Sees the tables.
    let connection: Connection

    fileprivate init(_ number: Int, in database: WorkerDatabase) throws {
        name = "\(Attachment.catalogPrefix)\(number)"
        self.database = database
        connection = try database.connect()
        try database.connection.execute("ATTACH ':memory:' AS \(name)")
        try connection.execute("USE \(name)")
    }

    /// A connection of its own that sees the tables.
    func connect() throws -> Connection {
        let connection = try database.connect()
        try connection.execute("USE \(name)")
        return connection
    }

    deinit {
        do {
            try connection.execute("USE memory")
            try database.connection.execute("DETACH \(name)")
        } catch {
            // The tables take their memory until the worker ends.
        }
    }
}
