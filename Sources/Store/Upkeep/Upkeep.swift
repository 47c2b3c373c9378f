import GuardedFiles
import Journal
import Logging
import Records
import Replication
import ServiceLifecycle
import Synchronization
import Tables

/// The work that goes on by itself while a store is open.
final class Upkeep: Sendable {
    private let projection: Projection
    private let committer: Committer
    private let journal: PublishedJournal
    private let snapshotter: Snapshotter
    private let credentialKeys: CredentialKeys
    private let history: History
    private let locks: [FolderLock]
    private let configuration: StoreConfiguration
    private let replica: ReplicaStatus?
    private let logger: Logger
    /// Why this server could not go on with the log when it was tried last.
    private let followingFault = Mutex(RepeatedFault())
    /// Why nothing could be written when it was looked last.
    private let reportedProblem = Mutex<String?>(nil)
    /// Whether it was said that the clock is behind.
    private let reportedClock = Mutex(false)
    /// When the journal is shortened next, if it is too large then.
    private let nextShrinking = Mutex(ContinuousClock.now)

    /// How long changes wait at most before they are merged into the projection, unless very many come.
    private static let mergeInterval = Duration.seconds(1)
    /// How often the journal is looked after, and how often at most it is shortened.
    private static let upkeepInterval = Duration.seconds(1)
    private static let shrinkInterval = Duration.seconds(10)
    /// How often files are looked at that may change.
    private static let lookInterval = Duration.seconds(5)

    init(
        projection: Projection,
        committer: Committer,
        journal: PublishedJournal,
        snapshotter: Snapshotter,
        credentialKeys: CredentialKeys,
        history: History,
        locks: [FolderLock],
        configuration: StoreConfiguration,
        replica: ReplicaStatus?,
        logger: Logger
    ) {
        self.projection = projection
        self.committer = committer
        self.journal = journal
        self.snapshotter = snapshotter
        self.credentialKeys = credentialKeys
        self.history = history
        self.locks = locks
        self.configuration = configuration
        self.replica = replica
        self.logger = logger
    }

    /// Works until the service group shuts down, then ends everything.
    func run() async throws {
        await withTaskGroup { group in
            group.addTask {
                // Fills the tables with what the start has loaded.
                await self.attempt { try await self.projection.catchUp() }
                await self.every(Self.mergeInterval) { try await self.projection.lookAfter() }
            }
            group.addTask { await self.every(Self.upkeepInterval) { try await self.lookAfterJournal() } }
            group.addTask { await self.every(Self.upkeepInterval) { await self.writeIndices() } }
            group.addTask {
                await self.every(Self.upkeepInterval) { [snapshotter = self.snapshotter] in
                    try await self.credentialKeys.forgetOld { try await snapshotter.list().last?.manifest.sequence }
                }
            }
            group.addTask {
                await self.every(Self.lookInterval) { await self.credentialKeys.readAgain(isAsked: false) }
            }
            if let sharedLog = configuration.sharedLog {
                group.addTask {
                    await self.every(Self.upkeepInterval) {
                        await self.followLog()
                        await self.credentialKeys.followLog()
                    }
                }
                group.addTask { await self.follow(LogListener(sharedLog)) }
            }
            if case .interval(let interval) = configuration.fsync {
                group.addTask { await self.every(interval) { try await self.committer.sync() } }
            }
            if let interval = configuration.snapshotInterval {
                group.addTask { await self.every(interval) { try await self.snapshotter.takeIfChanged() } }
            }
            await group.waitForAll()
        }
        try await close(takingSnapshot: true)
    }

    /// Accepts no more transactions and ends the journal.
    ///
    /// - Parameter takingSnapshot: Whether a last snapshot is taken, if anything is new.
    func close(takingSnapshot: Bool) async throws {
        do {
            // Whatever still comes in, from requests that outlast their time, is refused rather than lost.
            try await committer.close()
        } catch {
            // Without a snapshot, which could be ahead of a journal that is not synced.
            logger.error(
                "the journal has no proper end; the next start goes on all the same",
                metadata: ["reason": "\(error)"]
            )
            return
        }
        guard takingSnapshot else { return }
        do {
            try await snapshotter.takeIfChanged()
        } catch is CancellationError {
            logger.warning("the last snapshot took too long and is given up; the next start reads the journal instead")
        }
    }

    /// Finds out whether a failed disk works again, and says so, each reason once.
    private func lookAfterDisk() async {
        let reason = journal.problem.map { "the server \($0)" }
        let before = reportedProblem.withLock { reported in
            defer { reported = reason }
            return reported
        }
        if let reason {
            if reason != before { logger.error("nothing can be written", metadata: ["reason": "\(reason)"]) }
            do {
                try await committer.sync()
            } catch {
                // The next look finds out why.
            }
        } else if before != nil {
            logger.notice("the disk works again: writes are accepted")
        }
    }

    /// Finds out whether the server's files are still its own, and brings the head of the journal to stable storage when
    /// nothing is written.
    func lookAfterFiles() async {
        do {
            for lock in locks { try lock.check() }
            try await committer.lookAfterLog()
        } catch {
            await committer.stop(for: error)
        }
    }

    /// Brings into effect what a shared log has behind the last transaction that is.
    func followLog() async {
        do {
            try await committer.catchUp()
            replica?.isStuck = false
            if followingFault.withLock({ $0.end() }) { logger.notice("this server follows the log again") }
        } catch {
            // Where the log is out of reach, that has been said.
            guard let replica, replica.fault == nil else { return }
            replica.isStuck = true
            guard followingFault.withLock({ $0.begin("\(error)") }) else { return }
            logger.error(
                "this server cannot go on with the log; reads have what it knows",
                metadata: ["reason": "\(error)"]
            )
        }
    }

    /// Brings into effect what a shared log has, as soon as the log says so.
    private func follow(_ listener: LogListener) async {
        await cancelWhenGracefulShutdown {
            for await _ in listener.signals { await self.followLog() }
        }
    }

    /// Says when the clock turns out to have been ahead, and when it has caught up.
    private func lookAtClock() {
        let lag = journal.clockLag
        let wasBehind = reportedClock.withLock { reported in
            defer { reported = lag > 0 }
            return reported
        }
        if lag > 0, !wasBehind {
            logger.warning(
                """
                the clock was set back: until it has caught up, transactions have the time of the last one before, and \
                only their numbers say what came when
                """,
                metadata: ["behind_s": .stringConvertible(lag)]
            )
        } else if lag == 0, wasBehind {
            logger.notice("the clock has caught up with the journal")
        }
    }

    /// Writes the indices of closed segments.
    private func writeIndices() async {
        do {
            try await history.writeIndices()
        } catch {
            logger.warning(
                "an index of the journal is not written; it is made when it is needed",
                metadata: ["reason": "\(error)"]
            )
        }
    }

    /// Keeps the journal within its bounds.
    private func lookAfterJournal() async throws {
        await lookAfterFiles()
        await lookAfterDisk()
        lookAtClock()
        guard journal.size > configuration.maximumJournalSize, nextShrinking.withLock({ $0 <= .now }) else { return }
        nextShrinking.withLock { $0 = .now + Self.shrinkInterval }
        try await snapshotter.shrinkJournal(to: configuration.maximumJournalSize)
    }

    /// Does something again and again until the service group shuts down.
    private func every(_ interval: Duration, _ body: @escaping @Sendable () async throws -> Void) async {
        await cancelWhenGracefulShutdown {
            while true {
                do {
                    try await Task.sleep(for: interval)
                } catch {
                    return
                }
                await self.attempt(body)
            }
        }
    }

    private func attempt(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            // A failure is reported, not the end.
            logger.error("background work failed", metadata: ["reason": "\(error)"])
        }
    }
}
