import CSystemShims
import Foundation
package import Logging
import Records
package import Scheduling
import ServiceLifecycle
import Synchronization

/// Carries out statements of users: each in a worker process of its own, and callers take turns.
///
/// Workers are started when they are needed, and end when they have had nothing to do for a while.
package final class QueryService: Service {
    package let limits: QueryLimits
    private let settings: WorkerSettings
    private let source: QuerySource
    private let bases: QueryBases
    private let turns: Turns
    private let logger: Logger
    /// Those that were used last come last.
    private let idle = Mutex<[(worker: Worker, since: ContinuousClock.Instant)]>([])

    /// How long what a worker has attached is as it was then: a file may be replaced, and keys end.
    private static let attachmentAge = Duration.seconds(60)

    /// How long a worker waits for another statement.
    private static let idleTime = Duration.seconds(60)
    /// How often a statement is carried out that ends its process, and how often one whose process somebody kills.
    private static let (attempts, attemptsOfKilled) = (2, 50)

    package init(_ source: QuerySource, _ limits: QueryLimits, logger: Logger) {
        self.source = source
        self.limits = limits
        self.logger = logger
        if no_has_walls() == 0 {
            logger.notice("this system has no Landlock; queries are confined by DuckDB's own settings alone")
        }
        bases = QueryBases(source, logger: logger)
        settings = WorkerSettings(
            folder: source.folder.location,
            memory: limits.memory,
            threads: limits.threads,
            fileSize: limits.size,
            attachmentNames: Set(limits.attachments.map(\.name))
        )
        turns = Turns(
            places: limits.workers,
            placesEach: max(1, limits.workers - 1),
            maximumWaiting: limits.waiting
        )
    }

    /// The tables that statements can read, and what is attached.
    package var tables: [QueryTable] { QueryTable.all + limits.attachments.map(\.table) }

    /// Begins to carry out a statement; the first piece of the answer is there when this returns.
    ///
    /// - Parameter checkAttachments: Called before attached data is read; throws where the caller may not.
    /// - Throws: ``QueryFailure``; ``Refusal`` for a moment that cannot be read; ``TurnError``; `CancellationError`.
    package func answer(
        _ request: QueryRequest,
        for caller: Caller,
        checkAttachments: @Sendable () throws -> Void
    ) async throws -> QueryAnswer {
        let turn = try await turns.take(of: caller)
        let deadline = ContinuousClock.now + limits.time
        var (died, killed) = (0, 0)
        var attachments: Set<String> = []
        while died < Self.attempts, killed < Self.attemptsOfKilled {
            switch try await attempt(request, attachments, turn, until: deadline) {
            case .answer(let answer): return answer
            case .attachments(let names):
                try checkAttachments()
                attachments = names
            case .ofRested: break
            case .death(let signal, let memory):
                // The system kills what takes too much memory, which is the statement's own doing.
                if signal == SIGKILL, memory < limits.memory / 2 { killed += 1 } else { died += 1 }
            }
        }
        throw QueryFailure(
            .outOfMemory,
            "The process that ran the statement died each time, most likely because the statement needs more than "
                + "the \(limits.memory >> 20) MiB of memory that it may have."
        )
    }

    private enum Attempt {
        case answer(QueryAnswer)
        /// The statement is for a worker that has attached these.
        case attachments(Set<String>)
        /// A worker failed that had been there before; there are few of those.
        case ofRested
        /// The process has died of a signal, before anything of the answer was there.
        case death(signal: Int32, memory: Int)
    }

    private func attempt(
        _ request: QueryRequest,
        _ attachments: Set<String>,
        _ turn: Turn,
        until deadline: ContinuousClock.Instant
    ) async throws -> Attempt {
        let rested = restedWorker(attachments)
        let worker = try rested ?? newWorker(attachments)
        let run = WorkerRun(worker, limits, turn, until: deadline) { [self] in leave(worker, isUsable: $0) }
        do {
            return try await run.during {
                let needed = try await worker.prepare(request)
                guard needed.isSubset(of: attachments) else {
                    run.finish()
                    return .attachments(needed)
                }
                let sequence = try await worker.begin(request, limits, until: deadline)
                return .answer(try await QueryAnswer(sequence: sequence, format: request.format, run))
            }
        } catch let failure as QueryFailure where !failure.reason.leavesProcessUsable && rested != nil {
            // What it reads may be there again for another.
            return .ofRested
        } catch let error as BrokenConnection {
            let (signal, memory) = await worker.death()
            logger.warning(
                "a query worker has died",
                metadata: [
                    "process": "\(worker.identifier ?? 0)", "signal": "\(signal)", "reason": "\(error)",
                ]
            )
            return rested == nil ? .death(signal: signal, memory: memory) : .ofRested
        }
    }

    /// A worker that has nothing to do, and has attached certain data; nil where there is none.
    private func restedWorker(_ attachments: Set<String>) -> Worker? {
        idle.withLock { idle in
            idle.lastIndex { $0.worker.attachments == attachments && !$0.worker.isStale }.map {
                idle.remove(at: $0).worker
            }
        }
    }

    private func newWorker(_ attachments: Set<String>) throws -> Worker {
        var settings = settings
        settings.linkedFiles = try source.folder.linkedFiles()
        settings.attachments = limits.attachments.filter { attachments.contains($0.name) }
        settings.access = settings.attachments.isEmpty ? nil : limits.access?()
        let expiry = attachments.isEmpty ? nil : ContinuousClock.now + Self.attachmentAge
        return Worker(settings, source, bases, until: expiry)
    }

    /// Takes a worker back.
    private func leave(_ worker: Worker, isUsable: Bool) {
        guard isUsable else { return end(worker) }
        let surplus = idle.withLock { idle in
            idle.append((worker, .now))
            // Statements that read different data have different workers; those that read the inventory alone stay apart.
            let isPlain = worker.attachments.isEmpty
            let alike = idle.indices.filter { idle[$0].worker.attachments.isEmpty == isPlain }
            return alike.count > limits.workers ? idle.remove(at: alike[0]).worker : nil
        }
        if let surplus { end(surplus) }
    }

    private func end(_ worker: Worker) {
        worker.end()
        discardAnswers(of: worker)
    }

    private func discardAnswers(of worker: Worker) {
        guard let answers = worker.answers else { return }
        do throws(DiskError) {
            try source.folder.removeAnswers(answers)
        } catch {
            logger.warning("a file of an answer stays until the next start", metadata: ["reason": "\(error)"])
        }
    }

    /// Ends workers that have nothing to do; all of them when the service group shuts down.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: Self.idleTime / 4)
                } catch {
                    break
                }
                endIdle(since: .now - Self.idleTime)
            }
        }
        endIdle(since: .now)
    }

    /// Ends the workers that have nothing to do, and removes the folder that all see; nothing can be asked any more.
    package func close() throws {
        endIdle(since: .now)
        try source.folder.remove()
    }

    private func endIdle(since limit: ContinuousClock.Instant) {
        let ended = idle.withLock { idle in
            let ended = idle.filter { $0.since <= limit || $0.worker.isStale }
            idle.removeAll { $0.since <= limit || $0.worker.isStale }
            return ended
        }
        for (worker, _) in ended { end(worker) }
    }
}
