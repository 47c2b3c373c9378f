import ArgumentParser
import Foundation
import HTTPSupport
import NIOSSL
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

    @Option(
        help: ArgumentHelp(
            "How long transactions stay in the log at least, for servers that were away or join. (default: 24h)",
            valueName: "time"
        ),
        transform: DurationArgument.read
    )
    var logKeepFor: DurationArgument?

    @Option(
        help: ArgumentHelp(
            "File with the certificates of who signs those of the other servers (PEM). (default: those that the system knows)",
            valueName: "file"
        )
    )
    var replicaCa: String?

    func validate() throws {
        let others = [logLease == nil, replicaUrl == nil, logKeepFor == nil, replicaCa == nil]
        guard log != nil || others.allSatisfy(\.self) else {
            throw ValidationError("--log-lease, --log-keep-for, --replica-url and --replica-ca need --log.")
        }
        guard logKeepFor?.seconds ?? 1 > 0 else { throw ValidationError("--log-keep-for is at least 1s.") }
        guard logLease?.seconds ?? 1 > 0 else { throw ValidationError("--log-lease is at least 1s.") }
    }

    /// The name of this server.
    var machine: String { ProcessInfo.processInfo.hostName }

    /// The log; nil where the journal of this server is the log.
    func sharedLog(_ transport: TransportOptions) throws -> SharedLogConfiguration? {
        guard let log else { return nil }
        let location: PostgresLocation
        do {
            location = try PostgresLocation(log)
        } catch {
            throw CommandError("--log: \(error)")
        }
        let ports = transport.addresses.compactMap { if case .network(_, let port) = $0 { port } else { nil } }
        guard replicaUrl != nil || ports.first != 0 else {
            throw CommandError(
                "--replica-url is missing: with a port that the system chooses, others do not know where this server is"
            )
        }
        let scheme = transport.tlsCert == nil ? "http" : "https"
        return SharedLogConfiguration(
            location,
            name: machine,
            url: try ownURL ?? "\(scheme)://\(machine)\(ports.first.map { ":\($0)" } ?? "")",
            lease: logLease?.duration ?? Self.standardLease,
            keepFor: logKeepFor?.duration ?? Self.standardTime
        )
    }

    /// The address that others are told; nil for what the server finds by itself.
    private var ownURL: String? {
        get throws(CommandError) {
            guard let replicaUrl else { return nil }
            guard let parts = URLComponents(string: replicaUrl), let scheme = parts.scheme?.lowercased(),
                ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty,
                ["", "/"].contains(parts.path),
                parts.query == nil, parts.fragment == nil, parts.user == nil
            else {
                throw CommandError(
                    "--replica-url must be an address without a path, such as https://inventory1.example:8443, not \(replicaUrl)"
                )
            }
            return replicaUrl.hasSuffix("/") ? String(replicaUrl.dropLast()) : replicaUrl
        }
    }

    private static let (standardLease, standardTime) = (Duration.seconds(5), Duration.seconds(86_400))

    /// How other servers are recognised; nil for the authorities that the system knows.
    func tls() throws -> TLSConfiguration? { try replicaCa.map { try .trusting($0, namedBy: "--replica-ca") } }
}
