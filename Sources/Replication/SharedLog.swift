import Foundation
import Inventory
import Journal
import PostgreSQL
import Records

/// The log's tables as one connection sees them.
final class SharedLog {
    let connection: PostgresConnection
    let lease: Duration
    /// How long a statement may take.
    let limit: Duration
    /// What other versions do not know, by their names.
    var lackedBy: [String: Set<String>] = [:]
    /// Whether others can find out by this connection what this version knows.
    var hasToldVersion = false

    /// How long a connection may take, and a statement.
    private static let (connectionLimit, statementLimit) = (Duration.seconds(2), Duration.seconds(5))

    /// Connects, and makes the tables where they are missing.
    ///
    /// - Parameter lease: How long a leader leads without renewing it.
    init(_ location: PostgresLocation, lease: Duration) throws {
        self.lease = lease
        limit = Self.statementLimit
        connection = try PostgresConnection.open(
            location,
            name: "node-orchestrator",
            within: Self.connectionLimit
        )
        _ = try connection.run(LogTables.settings, within: limit)
        if try connection.run(LogTables.presence, within: limit).rows.text(0, 0) != "t" {
            try connection.run(script: LogTables.creation, within: limit)
        }
    }

    // MARK: Head

    /// - Returns: Nil for a log that nobody has founded.
    func head() throws -> LogHead? {
        let rows = try run(LogTables.head)
        guard rows.count > 0 else {
            guard try run(LogTables.emptiness).text(0, 0) == "t" else {
                throw LogError.damaged("its head is missing, though it has transactions")
            }
            return nil
        }
        let version = rows.number(0, 0) ?? 0
        guard version == LogTables.version else { throw LogError.otherVersion(version, known: LogTables.version) }
        guard let inventory = rows.text(0, 1).flatMap({ UUID(uuidString: $0) }), let format = rows.number(0, 2),
            let keys = rows.text(0, 3)
        else { throw LogError.damaged("its head cannot be read") }
        guard format <= DiskFormat.ofSegments else {
            throw LogError.otherFormat(format, known: Int64(DiskFormat.ofSegments))
        }
        var lead: LogHead.Lead?
        if let tenure = rows.text(0, 6).flatMap({ UUID(uuidString: $0) }) {
            lead = LogHead.Lead(
                tenure: tenure,
                holder: rows.text(0, 7) ?? "",
                url: rows.text(0, 8) ?? "",
                end: rows.text(0, 9) ?? "",
                rest: .milliseconds(rows.number(0, 15) ?? 0),
                hasEnded: rows.text(0, 10) == "t",
                isGranted: rows.text(0, 11) == "t"
            )
        }
        let (oldest, tip) = (try Self.point(rows, at: 12), try Self.point(rows, at: 4))
        guard oldest.sequence <= tip.sequence else { throw LogError.damaged("its head begins behind its end") }
        return LogHead(
            inventory: inventory,
            format: format,
            keys: Self.words(keys),
            tip: tip,
            oldest: oldest,
            lead: lead,
            timeline: rows.text(0, 14) ?? ""
        )
    }

    /// Which history of PostgreSQL this is: another one when a standby has taken over, which may lack what came last. Empty where
    /// it does not say.
    private func timeline() throws -> String {
        do throws(PostgresError) {
            return try run(LogTables.timeline).text(0, 0) ?? ""
        } catch {
            // A service that is like PostgreSQL need not have this.
            guard error.endsConnection else { return "" }
            throw error
        }
    }

    /// Whether all that was given in the lead which was handed over last is in the log, as far as that can be known.
    func hasAll(of head: LogHead) throws -> Bool {
        let timeline = try timeline()
        return !timeline.isEmpty && timeline == head.timeline
    }

    /// Begins the log, unless somebody has.
    ///
    /// - Parameters:
    ///   - keys: The ids of the credential keys; the last one seals.
    ///   - tip: The transaction behind which it begins.
    func found(inventory: UUID, keys: [String], at tip: ChainPoint = .beginning) throws {
        _ = try run(
            LogTables.founding,
            .number(LogTables.version),
            .text(inventory.lowercased),
            .number(Int64(DiskFormat.ofSegments)),
            Self.texts(keys),
            .number(Int64(tip.sequence)),
            .text(tip.hash.description),
            .text(try timeline())
        )
    }

    // MARK: Lead

    /// Takes the lead.
    ///
    /// - Parameters:
    ///   - tenure: The new one.
    ///   - before: The one that it follows; nil where nobody leads.
    ///   - isForced: Whether that one has not ended by the server's clock, but is known not to go on.
    ///   - name: The new leader's, and its address.
    /// - Returns: The last transaction; nil when somebody else was faster.
    func take(
        _ tenure: UUID,
        after before: UUID?,
        isForced: Bool,
        as name: String,
        at url: String
    ) throws -> ChainPoint? {
        if let before { _ = try run(LogTables.ending, .text(before.lowercased)) }
        return try leading(
            LogTables.taking,
            .text(tenure.lowercased),
            .number(lease.wholeMilliseconds),
            .text(name),
            .text(url),
            .text(before?.lowercased ?? ""),
            .number(isForced ? 1 : 0)
        )
    }

    /// Goes on leading. What was committed before is on the standbys, too, that commits wait for.
    ///
    /// - Parameter time: For how long; nil for the lease.
    /// - Returns: The last transaction; nil when somebody else leads.
    func renew(_ tenure: UUID, for time: Duration? = nil) throws -> ChainPoint? {
        try leading(LogTables.renewing, .text(tenure.lowercased), .number((time ?? lease).wholeMilliseconds))
    }

    /// Takes or keeps the lead. Its commit waits for those before it: a warning may be that one of them was not waited for.
    private func leading(_ statement: String, _ parameters: PostgresValue...) throws -> ChainPoint? {
        let (rows, warnings) = try connection.run(statement, parameters, within: limit)
        if let warning = warnings.first { throw LogError.uncertain(warning) }
        return rows.count == 0 ? nil : try Self.point(rows, at: 0)
    }

    /// Lets others lead at once.
    ///
    /// - Parameter isClear: Whether all numbers are in the log that were given; if not, the next leader passes over some.
    func handOver(_ tenure: UUID, isClear: Bool) throws {
        _ = try run(LogTables.handingOver, .text(tenure.lowercased), .text(isClear ? try timeline() : ""))
    }

    /// Has another server lead from now on.
    ///
    /// - Parameter isClear: As in ``handOver(_:isClear:)``.
    /// - Returns: Whether there is such a server, and the lead was this one's.
    func grant(_ tenure: UUID, to url: String, isClear: Bool) throws -> Bool {
        let rows = try run(
            LogTables.granting,
            .text(tenure.lowercased),
            .text(UUID().lowercased),
            .number(lease.wholeMilliseconds),
            .text(url),
            .text(isClear ? try timeline() : "")
        )
        return rows.count > 0
    }

    /// Notes with which credential key is sealed from now on.
    ///
    /// - Returns: The ids of all; nil when somebody else leads, or a server lacks the key.
    func seal(with key: String, as tenure: UUID) throws -> [String]? {
        let rows = try run(LogTables.sealing, .text(tenure.lowercased), .text(key))
        return rows.count == 0 ? nil : rows.text(0, 0).map(Self.words)
    }

    // MARK: Statements

    func run(_ statement: String, _ parameters: PostgresValue...) throws(PostgresError) -> PostgresRows {
        try connection.run(statement, parameters, within: limit).rows
    }

    /// A transaction, and its hash in the next column.
    private static func point(_ rows: PostgresRows, at column: Int) throws -> ChainPoint {
        guard let sequence = rows.number(0, column), sequence >= 0,
            let hash = rows.text(0, column + 1).flatMap({ ChainHash($0) })
        else { throw LogError.damaged("its head cannot be read") }
        return ChainPoint(sequence: UInt64(sequence), hash: hash)
    }

    static func texts(_ words: [String]) -> PostgresValue { .texts(words.map { Array($0.utf8) }) }

    static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}

extension Duration {
    var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
