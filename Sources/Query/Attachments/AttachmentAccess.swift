import DuckDB
package import Foundation
import ObjectStorage

/// What a process needs, beside their locations, to reach attached data.
package struct AttachmentAccess: Codable, Sendable {
    /// Where the extensions of DuckDB are.
    var extensions: String
    var storage: S3Access
    /// The variables that PostgreSQL's library reads (<https://www.postgresql.org/docs/current/libpq-envars.html>).
    var variables: [String: String]

    /// How long PostgreSQL's library tries to connect, in seconds, unless the environment says it.
    private static let connectTimeout = "10"

    /// - Parameter extensions: The folder of DuckDB's extensions; nil for the one beside the library.
    package init(environment: [String: String], extensions: URL?) {
        self.extensions = (extensions ?? Self.standardExtensions).path
        storage = S3Access(environment: environment)
        variables = environment.filter { ($0.key.hasPrefix("PG") || $0.key == "HOME") && !$0.value.isEmpty }
        variables["PGCONNECT_TIMEOUT"] = variables["PGCONNECT_TIMEOUT"] ?? Self.connectTimeout
    }

    /// `duckdb-extensions` in the folder of DuckDB's library, or beside that folder.
    private static var standardExtensions: URL {
        let library = Database.libraryPath?.deletingLastPathComponent() ?? URL(filePath: ".")
        let name = "duckdb-extensions"
        let beside = library.deletingLastPathComponent().appending(path: name)
        return FileManager.default.fileExists(atPath: beside.path) ? beside : library.appending(path: name)
    }
}
