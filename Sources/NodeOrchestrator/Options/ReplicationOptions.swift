import ArgumentParser
import Foundation
import HTTPSupport
import PostgreSQL
import Replication

/// The log that servers share.
struct ReplicationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "PostgreSQL database that orders and keeps the transactions of all servers which name it; one of them accepts writes. Passwords come from PGPASSFILE or ~/.pgpass.",
            valueName: "postgres://…"
        )
    )
    var log: String?

    @Option(
        help: ArgumentHelp(
            "How long the server that accepts writes keeps that right without a word to the log. (default: 5s)",
            valueName: "time"
        ),
        transform: DurationArgument.read
    )
    var logLease: DurationArgument?

    @Option(
        help: ArgumentHelp(
            "Where other servers and clients reach this one. (default: the machine's name and the first port of --listen)",
            valueName: "url"
        )
    )
    var replicaUrl: String?

    func validate() throws {
        guard log != nil || (logLease == nil && replicaUrl == nil) else {
            throw ValidationError("--log-lease and --replica-url need --log.")
        }
        guard logLease?.seconds ?? 1 > 0 else { throw ValidationError("--log-lease is at least 1s.") }
    }

    /// The log; nil where the journal of this server is the log.
    func sharedLog(_ transport: TransportOptions) throws -> SharedLogConfiguration? {
        guard let log else { return nil }
        let location: PostgresLocation
        do {
            location = try PostgresLocation(log)
        } catch {
            throw CommandError("--log: \(error)")
        }
        let machine = ProcessInfo.processInfo.hostName
        let ports = transport.addresses.compactMap { if case .network(_, let port) = $0 { port } else { nil } }
        let scheme = transport.tlsCert == nil ? "http" : "https"
        return SharedLogConfiguration(
            location,
            name: machine,
            url: replicaUrl ?? "\(scheme)://\(machine)\(ports.first.map { ":\($0)" } ?? "")",
            lease: logLease?.duration ?? .seconds(5)
        )
    }
}
