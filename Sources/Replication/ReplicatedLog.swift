import Foundation
package import Inventory
package import Journal
import PostgreSQL
package import Records

/// The log in PostgreSQL, which servers share: one of them leads and appends, the others follow it. Each keeps what it has
/// seen in a journal of its own.
///
/// What PostgreSQL has committed counts. A leader has a tenure, a random value in the head of the log, which each append
/// compares; with a new connection it takes a new tenure, so that nothing which it had sent before can come into effect
/// behind its back.
package final class ReplicatedLog: TransactionLog {
    private let configuration: SharedLogConfiguration
    private let local: JournalWriter
    private let status: ReplicaStatus
    private let log: LogConnection
    /// This server's tenure while it leads; also while it does not know whether it still does.
    private var tenure: UUID?
    /// How many connections had failed when the tenure was taken; nil where it has been given up since.
    private var ledAfter: Int?
    private var watch: LeadWatch
    /// When the lead is renewed next while a batch is worked out.
    private var nextRenewal = ContinuousClock.now
    /// When old transactions are forgotten next.
    private var nextPruning = ContinuousClock.now
    /// Whether the others have been told of this server.
    private var hasReported = false
    /// Why nothing is appended until a restart.
    private var ending: (any Error)?

    package private(set) var tip: ChainPoint
    package private(set) var next: UInt64
    /// Whether a leader has read to the end, behind which only it appends.
    private var isAtEnd = false

    /// Whether the tenure was taken on the connection that there is.
    private var leads: Bool { ledAfter == log.failures }

    package var mayHaveMore: Bool { !leads || !isAtEnd }

    /// Whether nobody knows what became of the last batch.
    private var isUncertain = false

    /// How often old transactions are forgotten, at most.
    private static let pruningInterval = Duration.seconds(10)
    /// For how many seconds a server may have said nothing that needs a key before it seals.
    private static let silence = 10
    /// For how long it is tried to find out what became of a batch.
    private static let uncertaintyLimit = Duration.seconds(5)

    /// - Parameters:
    ///   - local: The journal of this server, at the point where it goes on.
    ///   - status: Says to others how it goes.
    package init(_ configuration: SharedLogConfiguration, local: JournalWriter, status: ReplicaStatus) {
        self.configuration = configuration
        self.local = local
        self.status = status
        log = LogConnection(configuration, status: status)
        watch = LeadWatch(lease: configuration.lease)
        tip = local.tip
        next = local.tip.sequence + 1
    }

    package func now() -> Timestamp { local.now() }

    // MARK: The lead

    /// Takes the lead if nobody has it, or goes on with it on a new connection.
    ///
    /// - Throws: ``LogError/notLeading(holder:url:)`` where somebody else leads.
    private func lead() throws {
        if leads { return status.leads() }
        try log.use { shared in
            guard let head = try shared.head() else { throw LogError.damaged("its head is missing") }
            status.know(keys: head.keys)
            guard tip.sequence >= head.oldest.sequence, head.tip.sequence > tip.sequence || head.tip == tip else {
                throw head.absence(of: tip)
            }
            // Whoever cannot read the log leaves it to others.
            guard !status.isStuck else { throw notLeading(head.lead) }
            var (isForced, isOwn) = (false, false)
            var isHandedOver = head.lead == nil
            if let lead = head.lead {
                isOwn = lead.tenure == tenure
                isHandedOver = lead.isGranted && lead.url == configuration.url
                isForced = isOwn || isHandedOver || watch.hasGone(lead)
                guard isForced || lead.hasEnded else { throw notLeading(lead) }
            }
            let new = UUID()
            guard
                let end = try shared.take(
                    new,
                    after: head.lead?.tenure,
                    isForced: isForced,
                    as: configuration.name,
                    at: configuration.url
                )
            else {
                throw notLeading(try shared.head()?.lead)
            }
            // With what an earlier leader gave may be numbers that a failover of PostgreSQL has lost.
            let isClear = try isOwn || isHandedOver && shared.hasAll(of: head)
            next = max(next, end.sequence + 1 + (isClear ? 0 : JournalRecovery.unclearNumbers))
            (tenure, ledAfter, isAtEnd) = (new, log.failures, false)
            watch.forget()
            status.leads()
        }
    }

    private func notLeading(_ lead: LogHead.Lead?) -> LogError {
        (tenure, ledAfter) = (nil, nil)
        status.follows(lead)
        return .notLeading(holder: lead?.holder, url: lead?.url)
    }

    package func heal() throws {
        if let ending { throw ending }
        try local.heal()
        try lead()
        try refill()
    }

    package func goOnLeading() {
        guard leads, nextRenewal <= .now else { return }
        nextRenewal = .now + configuration.lease / 4
        do {
            try renew()
        } catch {
            // The append finds it out.
        }
    }

    // MARK: Appending

    package func append(_ records: [JournalRecord], after point: ChainPoint) -> AppendOutcome {
        guard let last = records.last else { return .counts([]) }
        guard point == tip else { return .refused(ForeignPoint(point, tip: tip)) }
        do {
            try heal()
        } catch {
            return .refused(error)
        }
        // Whoever has just taken the lead may have to pass over numbers.
        guard let tenure, records[0].sequence >= next else { return .refused(ForeignPoint(point, tip: tip)) }
        var chain = tip.hash
        var lines: [SharedLine] = []
        var points: [ChainPoint] = []
        for record in records {
            lines += record.sharedLines(&chain)
            points.append(ChainPoint(sequence: record.sequence, hash: chain))
        }
        next = last.sequence + 1
        do {
            switch try log.use({ try $0.append(lines, after: tip, as: tenure) }) {
            case .counts:
                keep(zip(records, points).map { ($0, $1) })
                return .counts(points)
            case .refused:
                ledAfter = nil
                return .refused(LogError.notLeading(holder: nil, url: nil))
            case .warned(let warning):
                (isAtEnd, isUncertain) = (false, true)
                return .unknown(LogError.uncertain(warning))
            }
        } catch let error as PostgresError where error.kind != .connection {
            return .refused(error)
        } catch {
            (isAtEnd, isUncertain) = (false, true)
            return .unknown(error)
        }
    }

    package nonisolated(nonsending) func beyond(_ point: ChainPoint) async throws -> [(
        record: JournalRecord, point: ChainPoint
    )] {
        let deadline = ContinuousClock.now + (isUncertain ? Self.uncertaintyLimit : .zero)
        isUncertain = false
        while true {
            do {
                return try read(beyond: point)
            } catch let error as PostgresError where error.endsConnection && .now < deadline {
                try await Task.sleep(for: LogConnection.attemptInterval)
            }
        }
    }

    private func read(beyond point: ChainPoint) throws -> [(record: JournalRecord, point: ChainPoint)] {
        try settle()
        let found = try log.use { shared in
            if point != tip, try !shared.has(point) { throw ForeignPoint(point, tip: tip) }
            do {
                return try shared.transactions(after: point)
            } catch let error as LogError {
                if let head = try shared.head(), try !shared.has(point) { throw head.absence(of: point) }
                throw error
            }
        }
        if found.isEmpty {
            status.hasLooked()
            isAtEnd = leads
        }
        let new = found.drop { $0.point.sequence <= tip.sequence }
        if !new.isEmpty { keep(Array(new)) }
        return found
    }

    /// Makes sure that nothing is under way any more which a leader has sent: by a new tenure where the connection is a new one,
    /// else by a commit that waits for those before it.
    private func settle() throws {
        guard tenure != nil else { return }
        do {
            if !leads {
                try lead()
            } else {
                try renew()
            }
        } catch LogError.notLeading {
            // Nothing which this server has sent comes into effect any more.
        }
    }

    package func announce() { local.announce() }

    // MARK: This server's journal

    /// Has transactions that count in this server's journal too. Where that cannot be written now, they are put there later.
    private func keep(_ found: [(record: JournalRecord, point: ChainPoint)]) {
        guard let last = found.last else { return }
        let isWhole = local.tip == tip
        tip = last.point
        if isWhole { write(found) }
    }

    private func write(_ found: [(record: JournalRecord, point: ChainPoint)]) {
        do {
            try local.copy(found)
        } catch {
            stop(for: error)
        }
    }

    /// Gives this server's journal what it could not be given before.
    private func refill() throws {
        while local.tip != tip {
            let found = try log.use { try $0.transactions(after: local.tip) }.prefix {
                $0.point.sequence <= tip.sequence
            }
            let before = local.tip
            write(Array(found))
            guard local.tip != before else { throw LogError.damaged("this server's journal cannot go on from it") }
        }
    }

    package func sync() throws {
        if let ending { throw ending }
        try local.heal()
        // A snapshot is never ahead of the journal.
        try refill()
        try local.sync()
    }

    package func rotate(at size: Int) throws { try local.rotate(at: size) }

    package func keep(from first: UInt64) throws { try local.keep(from: first) }

    package func extend(with older: JournalFolder.Segment) throws { try local.extend(with: older) }

    /// Renews the lead, or looks whether somebody has it. A server that cannot write its own journal hands the lead over.
    package func lookAfter() throws {
        try local.lookAfter()
        guard ending == nil else { return }
        do {
            if isWritable {
                try refill()
                if status.isStuck { try handOver() }
                do {
                    try lead()
                    try renew()
                    if !mayHaveMore { status.hasLooked() }
                    try prune()
                } catch LogError.notLeading {
                    // The status says it.
                }
            } else {
                try handOver()
                let head = try log.use { try $0.head() }
                status.follows(head?.lead)
            }
            try log.use { shared in
                try shared.report(
                    configuration,
                    at: local.tip.sequence,
                    oldest: status.oldest,
                    keys: status.ownKeys,
                    isNew: !hasReported
                )
                hasReported = true
                let replicas = try shared.replicas()
                status.know(replicas)
            }
            status.works()
        } catch {
            status.fails("\(error)")
        }
    }

    /// Whether this server's journal can be written.
    private var isWritable: Bool {
        do {
            try local.heal()
            return true
        } catch {
            return false
        }
    }

    /// Renews the lead.
    ///
    /// - Throws: Where somebody else has it, and where the log lacks what this server has.
    private func renew() throws {
        guard let tenure else { return }
        guard let point = try log.use({ try $0.renew(tenure) }) else { throw notLeading(nil) }
        guard point.sequence > tip.sequence || point == tip else {
            ledAfter = nil
            throw LogError.lost(after: point, local: tip)
        }
    }

    /// Forgets, now and then, what nobody needs of the log.
    private func prune() throws {
        guard let tenure, leads, nextPruning <= .now else { return }
        nextPruning = .now + min(Self.pruningInterval, configuration.keepFor)
        try log.use {
            try $0.prune(as: tenure, keepFor: configuration.keepFor, through: status.snapshotSequence)
        }
    }

    package func end() throws {
        ending = LogError.ended
        do {
            try handOver()
            if log.isOpen { try log.use { try $0.leave(configuration) } }
        } catch {
            // The lease ends by itself.
        }
        do {
            // A snapshot that comes behind this has what is in effect, and is not to be ahead of the journal.
            if local.tip != tip {
                try local.heal()
                try refill()
            }
        } catch {
            try local.end()
            throw error
        }
        try local.end()
    }

    package func stop(for reason: any Error) {
        local.stop(for: reason)
        ending = reason
        do {
            try handOver()
        } catch {
            // The lease ends by itself.
        }
    }

    package func moveLead(to url: String) throws {
        if let ending { throw ending }
        guard url != configuration.url else { return try lead() }
        try lead()
        guard let tenure, try log.use({ try $0.grant(tenure, to: url, isClear: isClear) }) else {
            throw LogError.noSuchReplica(url)
        }
        _ = notLeading(try log.use { try $0.head() }?.lead)
    }

    package func check(_ record: JournalRecord) throws(Refusal) { try status.withheld.check(record) }

    package func seal(with key: String, from place: String) throws {
        if let ending { throw ending }
        try lead()
        let replicas = try log.use { try $0.replicas() }
        status.know(replicas)
        let lacking = replicas.filter {
            !$0.keys.contains(key) && $0.url != configuration.url && $0.age <= Self.silence
        }
        guard lacking.isEmpty else {
            throw Refusal(
                .conflict,
                "The credential key \(key) seals only when all servers have it, which "
                    + "\(lacking.map(\.url).joined(separator: ", ")) lack: copy it there from \(place), and send this again."
            )
        }
        guard let tenure, let keys = try log.use({ try $0.seal(with: key, as: tenure) }) else { throw notLeading(nil) }
        status.know(keys: keys)
    }

    /// Lets others lead at once.
    private func handOver() throws {
        guard let tenure, leads else { return }
        try log.use { try $0.handOver(tenure, isClear: isClear) }
        _ = notLeading(nil)
    }

    /// Whether the log has all numbers that this server has given, or that it has passed over.
    private var isClear: Bool { next == tip.sequence + 1 }
}
