import CPostgreSQL
import Foundation

/// Where a database is, as libpq understands it: `postgres://user@host:5432,host2/database?sslmode=verify-full`.
///
/// All that the location does not say comes from libpq's own environment variables and files, such as `PGPASSFILE`.
package struct PostgresLocation: Sendable, Equatable, CustomStringConvertible {
    let text: String
    /// The servers by name and port, to be tried one after the other; empty where libpq's environment says it.
    let servers: [Server]
    /// The location's servers and database, without user and options.
    package let description: String

    struct Server: Sendable, Equatable {
        var host: String
        var port: String?
    }

    /// - Throws: ``PostgresError`` for what is no location, and for one with a password, which everybody on the machine could
    ///   read in the list of processes.
    package init(_ text: String) throws(PostgresError) {
        guard text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") else {
            throw PostgresError(.location, "it does not begin with postgres://")
        }
        let functions = try PostgresLibrary.functions()
        var reason: UnsafeMutablePointer<CChar>?
        guard let options = functions.conninfoParse(text, &reason) else {
            defer { functions.freemem(reason) }
            // libpq's own message quotes the location, which may hold a password.
            throw PostgresError(
                .location,
                "libpq cannot read it; it is postgres://USER@HOST:PORT/DATABASE?OPTION=VALUE"
            )
        }
        defer { functions.conninfoFree(options) }
        var given: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.value { given[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        guard given["password"] == nil, given["sslpassword"] == nil else {
            throw PostgresError(
                .location,
                "it has a password; leave that to a password file (PGPASSFILE, ~/.pgpass) or to PGPASSWORD"
            )
        }
        self.text = text
        // With addresses libpq's own order of trying holds.
        func list(_ keyword: String) -> [String] {
            given[keyword]?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
        }
        // With addresses libpq's own order of trying holds.
        let hosts = given["hostaddr"] == nil ? list("host") : []
        let ports = list("port")
        guard ports.count <= 1 || ports.count == hosts.count else {
            throw PostgresError(.location, "it has \(hosts.count) hosts and \(ports.count) ports")
        }
        servers = hosts.enumerated().map { index, host in
            let port = ports.count == 1 ? ports[0] : ports.isEmpty ? "" : ports[index]
            return Server(host: host, port: port.isEmpty ? nil : port)
        }
        let names = servers.map { $0.host + ($0.port.map { ":\($0)" } ?? "") }.joined(separator: ",")
        description = "postgres://\(names)/\(given["dbname"] ?? "")"
    }
}
