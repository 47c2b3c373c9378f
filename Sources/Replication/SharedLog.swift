import Crypto
import Foundation
import Inventory
import Journal
package import PostgreSQL
import Records

/// Where a log is that servers share, and how this server takes part.
package struct SharedLogConfiguration: Sendable {
    package var location: PostgresLocation
    /// This server's name, for people.
    package var name: String
    /// Where others reach this server.
    package var url: String
    /// How long a leader leads without renewing it.
    package var lease: Duration
    /// How long transactions are kept in the log at least, once they are in a snapshot.
    package var keepFor: Duration

    package init(
        _ location: PostgresLocation,
        name: String,
        url: String,
        lease: Duration,
        keepFor: Duration
    ) {
        self.location = location
        self.name = name
        self.url = url
        self.lease = lease
        self.keepFor = keepFor
    }
}

/// The log's tables as one connection sees them.
final class SharedLog {
    private let connection: PostgresConnection
    private let lease: Duration
    /// How long a statement may take.
    private let limit: Duration
    /// What other versions do not know, by their names.
    private var lackedBy: [String: Set<String>] = [:]

    /// How many lines, and about how many bytes, are read at once.
    private static let (maximumLines, maximumBytes): (Int64, Int64) = (4096, 8 << 20)
    /// How many lines are forgotten at once.
    private static let prunedLines: Int64 = 20_000

    /// How long a connection may take, and a statement.
    private static let (connectionLimit, statementLimit) = (Duration.seconds(2), Duration.seconds(5))

    /// Connects, and makes the tables where they are missing.
    init(_ configuration: SharedLogConfiguration) throws {
        lease = configuration.lease
        limit = Self.statementLimit
        connection = try PostgresConnection.open(
            configuration.location,
            name: "node-orchestrator",
            within: Self.connectionLimit
        )
        // Weaker settings would have commits count before they are on stable storage.
        _ = try connection.run(
            """
            SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')
            """,
            within: limit
        )
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
                hasEnded: rows.text(0, 10) == "t",
                isGranted: rows.text(0, 11) == "t"
            )
        }
        return LogHead(
            inventory: inventory,
            format: format,
            keys: Self.words(keys),
            tip: try Self.point(rows, at: 4),
            oldest: try Self.point(rows, at: 12),
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
        let rows = try run(
            LogTables.taking,
            .text(tenure.lowercased),
            .number(lease.wholeMilliseconds),
            .text(name),
            .text(url),
            .text(before?.lowercased ?? ""),
            .number(isForced ? 1 : 0)
        )
        return rows.count == 0 ? nil : try Self.point(rows, at: 0)
    }

    /// Goes on leading. What was committed before is on the standbys, too, that commits wait for.
    ///
    /// - Returns: The last transaction; nil when somebody else leads.
    func renew(_ tenure: UUID) throws -> ChainPoint? {
        let rows = try run(LogTables.renewing, .text(tenure.lowercased), .number(lease.wholeMilliseconds))
        return rows.count == 0 ? nil : try Self.point(rows, at: 0)
    }

    func handOver(_ tenure: UUID) throws {
        _ = try run(LogTables.handingOver, .text(tenure.lowercased), .text(try timeline()))
    }

    /// Has another server lead from now on.
    ///
    /// - Returns: Whether there is such a server, and the lead was this one's.
    func grant(_ tenure: UUID, to url: String) throws -> Bool {
        let rows = try run(
            LogTables.granting,
            .text(tenure.lowercased),
            .text(UUID().lowercased),
            .number(lease.wholeMilliseconds),
            .text(url),
            .text(try timeline())
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

    private static func texts(_ words: [String]) -> PostgresValue { .texts(words.map { Array($0.utf8) }) }

    /// What this version of the program knows of what lines may have, and what tells that from what others know.
    private static let known = ["format-\(DiskFormat.ofSegments)"] + Kind.allPaths
    private static let version =
        "\(Version.program) \(Hash128(SHA256.hash(data: Data(known.joined(separator: " ").utf8))))"

    /// What another version does not know.
    private func lacks(_ version: String) throws -> Set<String> {
        if version == Self.version { return [] }
        if let found = lackedBy[version] { return found }
        let rows = try run(LogTables.knowledge, .text(version))
        let lacks = Set(Self.known).subtracting(Self.words(rows.count > 0 ? rows.text(0, 0) ?? "" : ""))
        lackedBy[version] = lacks
        return lacks
    }

    private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

    // MARK: Replicas

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

    // MARK: Lines

    /// What became of lines.
    enum Appended {
        case counts
        /// Another one leads, or the log has gone on.
        case refused
        /// The server has warned of something, so that nobody knows how safe the lines are.
        case warned(String)
    }

    /// Appends lines of whole transactions behind a point.
    func append(_ lines: [SharedLine], after point: ChainPoint, as tenure: UUID) throws -> Appended {
        let (rows, warnings) = try connection.run(
            LogTables.append,
            [
                .text(tenure.lowercased), .number(lease.wholeMilliseconds), .number(Int64(point.sequence)),
                .text(point.hash.description), .numbers(lines.map { Int64($0.sequence) }),
                .numbers(lines.map { Int64($0.part) }), .texts(lines.map { Array($0.chain.description.utf8) }),
                .texts(lines.map(\.bytes)),
            ],
            within: limit
        )
        if let warning = warnings.first { return .warned(warning) }
        return rows.text(0, 0) == "t" ? .counts : .refused
    }

    /// Forgets old transactions that are in a snapshot, and that no server needs.
    func prune(as tenure: UUID, keepFor: Duration, through sequence: UInt64) throws {
        _ = try run(
            LogTables.pruning,
            .text(tenure.lowercased),
            .number(keepFor.wholeMilliseconds),
            .number(Int64(sequence)),
            .number(Self.prunedLines)
        )
    }

    /// Whether the log has all behind a point, and the point itself.
    func has(_ point: ChainPoint) throws -> Bool {
        let rows = try run(LogTables.chain, .number(Int64(point.sequence)))
        return (0..<rows.count).contains { rows.text($0, 0) == point.hash.description }
    }

    /// Transactions behind a point, of many the first.
    func transactions(after point: ChainPoint) throws -> [(record: JournalRecord, point: ChainPoint)] {
        var reader = SharedLineReader(after: point)
        var found: [(record: JournalRecord, point: ChainPoint)] = []
        var (sequence, part) = (Int64(point.sequence), Int64.max)
        while found.isEmpty {
            let rows = try run(
                LogTables.lines,
                .number(sequence),
                .number(part),
                .number(Self.maximumLines),
                .number(Self.maximumBytes)
            )
            guard rows.count > 0 else {
                guard reader.isBetweenTransactions else {
                    throw LogError.damaged("the transaction \(sequence) has no end")
                }
                return []
            }
            for row in 0..<rows.count {
                guard let number = rows.number(row, 0), let index = rows.number(row, 1), number > 0,
                    let chain = rows.text(row, 2).flatMap({ ChainHash($0) })
                else { throw LogError.damaged("a line behind \(sequence) cannot be read") }
                (sequence, part) = (number, index)
                let record: JournalRecord?
                do {
                    record = try rows.withBytes(row, 3) { bytes in
                        try reader.take(
                            bytes ?? UnsafeRawBufferPointer(start: nil, count: 0),
                            sequence: UInt64(number),
                            part: Int(index),
                            chain: chain
                        )
                    }
                } catch let damage as JournalDamage {
                    throw LogError.damaged("transaction \(number), part \(index): \(damage)")
                }
                if let record { found.append((record, reader.point)) }
            }
        }
        return found
    }

    private func run(_ statement: String, _ parameters: PostgresValue...) throws(PostgresError) -> PostgresRows {
        try connection.run(statement, parameters, within: limit).rows
    }

    private static func point(_ rows: PostgresRows, at column: Int) throws -> ChainPoint {
        guard let sequence = rows.number(0, column), sequence >= 0,
            let hash = rows.text(0, column + 1).flatMap({ ChainHash($0) })
        else { throw LogError.damaged("its head cannot be read") }
        return ChainPoint(sequence: UInt64(sequence), hash: hash)
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
