import Crypto
import Foundation
import Inventory
import PostgreSQL
import Records

/// What servers tell each other in a log.
extension SharedLog {
    /// Says how far a server is.
    ///
    /// - Parameters:
    ///   - keys: The ids of its credential keys.
    ///   - isNew: Whether it has just started.
    func report(
        _ configuration: SharedLogConfiguration,
        at sequence: UInt64,
        oldest: UInt64,
        keys: [String],
        isNew: Bool
    ) throws {
        // A server that has started while the log was out of reach has not registered, and a failover may have lost it.
        if !hasToldVersion {
            _ = try run(LogTables.knowing, .text(Self.version), Self.texts(Self.known))
            hasToldVersion = true
        }
        _ = try run(
            LogTables.reporting,
            .text(configuration.url),
            .text(configuration.name),
            .number(Int64(sequence)),
            .number(Int64(oldest)),
            .number(isNew ? 1 : 0),
            Self.texts(keys),
            .text(Self.version)
        )
    }

    /// Says that a server starts, which needs what the log has.
    ///
    /// - Parameter keys: The ids of its credential keys.
    func register(_ configuration: SharedLogConfiguration, keys: [String] = []) throws {
        _ = try run(
            LogTables.registering,
            .text(configuration.url),
            .text(configuration.name),
            Self.texts(keys),
            .text(Self.version),
            Self.texts(Self.known)
        )
    }

    /// Says that a server has stopped.
    func leave(_ configuration: SharedLogConfiguration) throws {
        _ = try run(LogTables.leaving, .text(configuration.url))
    }

    func replicas() throws -> [Replica] {
        let rows = try run(LogTables.replicas)
        return try (0..<rows.count).map { row in
            func number(_ column: Int) -> UInt64 { rows.number(row, column).flatMap { UInt64(exactly: $0) } ?? 0 }
            return Replica(
                name: rows.text(row, 0) ?? "",
                url: rows.text(row, 1) ?? "",
                leads: rows.text(row, 7) == "t",
                sequence: number(2),
                behind: number(3),
                oldest: number(4),
                keys: Set(Self.words(rows.text(row, 8) ?? "")),
                lacks: try lacks(rows.text(row, 9) ?? ""),
                since: rows.text(row, 5) ?? "",
                age: Int(clamping: number(6))
            )
        }
    }

    /// What this version of the program knows of what lines may have, and what tells that from what others know.
    private static let known = ["format-\(DiskFormat.ofSegments)"] + Kind.allPaths
    private static let version =
        "\(Version.program) \(Hash128(SHA256.hash(data: Data(known.joined(separator: " ").utf8))))"

    /// What another version does not know.
    private func lacks(_ version: String) throws -> Set<String> {
        if version == Self.version { return [] }
        if let found = lackedBy[version] { return found }
        let rows = try run(LogTables.knowledge, .text(version))
        // Until it says what it knows, it may know nothing.
        guard rows.count > 0 else { return Set(Self.known) }
        let lacks = Set(Self.known).subtracting(Self.words(rows.text(0, 0) ?? ""))
        lackedBy[version] = lacks
        return lacks
    }
}
