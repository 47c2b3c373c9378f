import DuckDB
import Foundation
import ObjectStorage

/// The data of the site that a worker has attached, before the walls went up.
struct AttachedData {
    /// For each folder of files a SELECT of what they have, by its name.
    private(set) var selections: [(name: String, sql: String)] = []
    /// The folders and files that DuckDB may read.
    private(set) var folders: [String] = []
    private(set) var files: [String] = []
    /// The files and folders on disk that the process reads.
    private(set) var paths: [String] = []
    /// Whether anything of it is not on this machine.
    private(set) var isRemote = false
    /// The names of databases; what else is attached are tables.
    private(set) var databases: Set<String> = []
    /// Why something could not be attached.
    private(set) var failure: QueryFailure?
    /// Passwords and keys, which no message may have.
    private var secrets: [String] = []

    private let access: AttachmentAccess?
    private let database: Database
    private let connection: Connection
    /// Connections that keep the files of SQLite's write-ahead logs, which nobody can make behind the walls.
    private var keepers: [Connection] = []
    private var loaded: Set<String> = []

    init(_ attachments: [Attachment], _ access: AttachmentAccess?, _ database: Database, on connection: Connection) {
        self.access = access
        self.database = database
        self.connection = connection
        for (name, value) in access?.variables ?? [:] { setenv(name, value, 1) }
        secrets = [access?.variables["PGPASSWORD"], access?.storage.keys?.secret, access?.storage.keys?.sessionToken]
            .compactMap(\.self)
        secrets += attachments.flatMap(\.secrets)
        for attachment in attachments where failure == nil {
            do {
                try attach(attachment)
            } catch {
                let reason = (error as? QueryFailure)?.message ?? (error as? DuckDBError)?.message ?? "\(error)"
                var failure = QueryFailure(.sourceAway, "The attached \(attachment.name) cannot be reached.")
                failure.detail = redacted(reason)
                self.failure = failure
            }
        }
        if isRemote { paths += Self.pathsOfNetworks + Self.pathsOfAccess(access?.variables ?? [:]) }
    }

    private mutating func attach(_ attachment: Attachment) throws {
        switch try AttachmentPlace(attachment.location) {
        case .database(let path, let type): try attach(attachment.name, path, type)
        case .lake(let address): try attachLake(attachment.name, address)
        case .files(let pattern): try attachFiles(attachment.name, pattern)
        }
    }

    private mutating func attach(_ name: String, _ path: String, _ type: AttachmentPlace.DatabaseType) throws {
        switch type {
        case .duckDB: paths.append(path)
        case .sqlite:
            try load("sqlite_scanner")
            paths += [path] + ["-wal", "-shm", "-journal"].map { path + $0 }
        case .postgres: return try attachPostgres(name, path)
        }
        try connection.execute(
            "ATTACH \(path.quotedLiteral) AS \(name.quotedIdentifier) (TYPE \(type.rawValue), READ_ONLY)"
        )
        databases.insert(name)
        if type == .duckDB { files.append(path) }
        if type == .sqlite, try AttachmentPlace.hasWriteAheadLog(path) {
            let keeper = try database.connect()
            try keeper.execute("BEGIN")
            let tables = try keeper.query("SHOW TABLES FROM \(name.quotedIdentifier)")
            while try tables.nextChunk() != nil {}
            keepers.append(keeper)
        }
    }

    private mutating func attachPostgres(_ name: String, _ url: String) throws {
        try loadPostgres()
        isRemote = true
        let address = try PostgresAddress(url)
        var options = "TYPE postgres, READ_ONLY"
        if let password = address.password {
            try connection.execute(
                "CREATE SECRET \(name.quotedIdentifier) (TYPE postgres, PASSWORD \(password.quotedLiteral))"
            )
            options += ", SECRET \(name.quotedIdentifier)"
        }
        try connection.execute("ATTACH \(address.keywords.quotedLiteral) AS \(name.quotedIdentifier) (\(options))")
        databases.insert(name)
    }

    // MARK: DuckLake

    private static let lakeScheme = "ducklake:"

    private mutating func attachLake(_ name: String, _ address: String) throws {
        try load("ducklake")
        let metadata = address.dropFirst(Self.lakeScheme.count)
        let isInPostgres = metadata.hasPrefix("postgres")
        if isInPostgres {
            try loadPostgres()
            isRemote = true
        } else if metadata.hasPrefix("sqlite:") {
            try load("sqlite_scanner")
        }
        let file = metadata.split(separator: ":", maxSplits: 1).last.map(String.init) ?? ""
        if !isInPostgres { paths += ["", "-wal", "-shm", "-journal", ".wal"].map { file + $0 } }
        // The data may be in S3.
        if FileManager.default.fileExists(atPath: extensionFile("httpfs").path) { try loadStorage() }
        try connection.execute("ATTACH \(address.quotedLiteral) AS \(name.quotedIdentifier) (READ_ONLY)")
        databases.insert(name)
        let catalog = "__ducklake_metadata_\(name)".quotedIdentifier
        let rows = try connection.query("SELECT value FROM \(catalog).ducklake_metadata WHERE key = 'data_path'")
        guard case .text(let path)? = try rows.scalar() else { return }
        if S3Location(path) != nil {
            isRemote = true
            folders.append(path)
        } else {
            let folder = path.hasPrefix("/") ? path : URL(filePath: file).deletingLastPathComponent().path + "/\(path)"
            paths.append(folder)
            folders.append(folder)
        }
    }

    // MARK: Files

    private mutating func attachFiles(_ name: String, _ pattern: String) throws {
        let isStored = S3Location(pattern) != nil
        if isStored {
            try loadStorage()
            isRemote = true
        }
        var (format, patterns) = (AttachmentPlace.FileFormat(ofFile: pattern), [pattern])
        if format == nil {
            let folder = pattern.hasSuffix("/") ? pattern : "\(pattern)/"
            for candidate in AttachmentPlace.FileFormat.allCases where format == nil {
                patterns = try candidate.patterns.map { folder + $0 }.filter(hasFiles)
                if !patterns.isEmpty { format = candidate }
            }
        }
        guard let format else {
            throw QueryFailure(.sourceAway, "there are no files of Parquet, CSV or JSON in \(pattern)")
        }
        // A pattern is one of files in a folder.
        let fixed = pattern.prefix { !AttachmentPlace.isPattern($0) }
        let place =
            fixed == pattern ? pattern : String(fixed.prefix(through: fixed.lastIndex(of: "/") ?? fixed.startIndex))
        if patterns == [place] { files.append(place) } else { folders.append(place) }
        if !isStored { paths.append(place) }
        let sql = format.selection(patterns)
        // What cannot be read is found out now.
        let none = try connection.query("\(sql) LIMIT 0")
        while try none.nextChunk() != nil {}
        selections.append((name, sql))
    }

    private func hasFiles(_ pattern: String) throws -> Bool {
        try connection.query("SELECT 1 FROM glob(\(pattern.quotedLiteral)) LIMIT 1").scalar() != nil
    }

    // MARK: Extensions

    private func extensionFile(_ name: String) -> URL {
        URL(filePath: access?.extensions ?? "", directoryHint: .isDirectory).appending(path: "\(name).duckdb_extension")
    }

    private mutating func load(_ name: String) throws {
        guard loaded.insert(name).inserted else { return }
        let file = extensionFile(name)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw QueryFailure(
                .sourceAway,
                "the extension \(name) of DuckDB \(Database.libraryVersion) is not in \(file.deletingLastPathComponent().path); "
                    + "make extensions gets it, and --extension-dir names another folder"
            )
        }
        try connection.execute("LOAD \(file.path.quotedLiteral)")
    }

    private mutating func loadPostgres() throws {
        try load("postgres_scanner")
        // A thread of its own would be outside of the walls.
        try connection.execute("SET GLOBAL pg_pool_enable_reaper_thread = false")
    }

    /// Has DuckDB read S3.
    private mutating func loadStorage() throws {
        guard !loaded.contains("httpfs"), let storage = access?.storage else { return }
        try load("httpfs")
        var settings = ["TYPE s3", "REGION \(storage.region.quotedLiteral)"]
        if let keys = storage.keys {
            settings += ["KEY_ID \(keys.id.quotedLiteral)", "SECRET \(keys.secret.quotedLiteral)"]
            if let token = keys.sessionToken { settings.append("SESSION_TOKEN \(token.quotedLiteral)") }
        }
        if let endpoint = try storage.endpoint.map(S3Endpoint.init) {
            // Buckets have no hosts of their own but at AWS.
            settings += [
                "ENDPOINT \((endpoint.host + endpoint.path).quotedLiteral)", "URL_STYLE 'path'",
                "USE_SSL \(endpoint.scheme == "https")",
            ]
        }
        try connection.execute("CREATE SECRET storage (\(settings.joined(separator: ", ")))")
    }

    /// Makes sure that a database is named before its tables, and a table of files by its name alone.
    func check(_ needs: StatementNeeds) throws(QueryFailure) {
        if let name = needs.qualifiers.subtracting(databases).intersection(selections.map(\.name)).first {
            throw QueryFailure(.refused, "\(name) is one table of files, and is named by its name alone.")
        }
        if let name = needs.attachments.intersection(databases).subtracting(needs.qualifiers).first {
            throw QueryFailure(.refused, "\(name) is a database: name a table of it, such as \(name).t.")
        }
    }

    // MARK: Messages

    /// A text without passwords and keys.
    private func redacted(_ text: String) -> String {
        secrets.reduce(text) { text, secret in secret.isEmpty ? text : text.replacing(secret, with: "…") }
    }

    /// A failure as it is told where data is attached: what the engine says of what it cannot reach is for the log.
    func told(_ failure: QueryFailure) -> QueryFailure {
        guard !databases.isEmpty || !selections.isEmpty else { return failure }
        var failure = failure
        // SQLite's words for a file that was replaced; DuckDB has no kind of error for it.
        let isReplaced = failure.reason == .failed && failure.message.contains("unable to open database file")
        if failure.reason == .unready || isReplaced {
            failure.detail = failure.message
            failure.reason = .sourceAway
            failure.message = "What is attached cannot be reached."
        }
        failure.message = redacted(failure.message)
        failure.detail = failure.detail.map(redacted)
        return failure
    }

    // MARK: Paths

    /// What is read to find hosts and to know whom to trust.
    private static let pathsOfNetworks = [
        "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",
        "/etc/ssl", "/etc/pki", "/usr/share/ca-certificates", "/etc/localtime", "/lib", "/lib64", "/usr/lib",
        "/usr/lib64",
    ]

    /// The files that PostgreSQL's library reads.
    private static func pathsOfAccess(_ variables: [String: String]) -> [String] {
        let named = ["PGPASSFILE", "PGSERVICEFILE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGSSLCRL"]
            .compactMap { variables[$0] }
        let home = variables["HOME"] ?? NSHomeDirectory()
        return named + [".pgpass", ".pg_service.conf", ".postgresql"].map { "\(home)/\($0)" }
    }
}
