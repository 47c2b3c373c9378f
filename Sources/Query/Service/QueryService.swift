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
    private let idle = Mutex<[(worker: Worker, since: ContinuousClock.Instant)]>([])

    /// How long a worker waits for another statement.
    private static let idleTime = Duration.seconds(60)
    /// How often a statement is carried out that ends its process, and how often one whose process somebody kills.
    private static let (attempts, attemptsOfKilled) = (2, 50)

    package init(_ source: QuerySource, _ limits: QueryLimits, logger: Logger) {
        self.source = source
        self.limits = limits
        self.logger = logger
        if no_has_walls() == 0 {
            logger.notice("queries run without Landlock, which this system does not have; DuckDB's own walls hold them")
        }
        bases = QueryBases(source, logger: logger)
        settings = WorkerSettings(
            folder: source.folder.location,
            memory: limits.memory,
            threads: limits.threads,
            fileSize: limits.size
        )
        turns = Turns(
            places: limits.workers,
            placesEach: max(1, limits.workers - 1),
            maximumWaiting: limits.waiting
        )
    }

    /// Begins to carry out a statement; the first piece of the answer is there when this returns.
    ///
    /// - Throws: ``QueryFailure``; ``Refusal`` for a moment that cannot be read; ``TurnError``; `CancellationError`.
    package func answer(_ request: QueryRequest, for caller: Caller) async throws -> QueryAnswer {
        let turn = try await turns.take(of: caller)
        let deadline = ContinuousClock.now + limits.time
        var (died, killed) = (0, 0)
        while died < Self.attempts, killed < Self.attemptsOfKilled {
            switch try await attempt(request, turn, until: deadline) {
            case .answer(let answer): return answer
            case .death(let signal, let memory):
                // The system kills what takes too much memory, which is the statement's own doing.
                if signal == SIGKILL, memory < limits.memory / 2 { killed += 1 } else { died += 1 }
            }
        }
        throw QueryFailure(
            .outOfMemory,
            "The statement ended the process that carries it out, again and again, most likely because it needs more than "
                + "the \(limits.memory >> 20) MiB of memory that it may have."
        )
    }

    private enum Attempt {
        case answer(QueryAnswer)
        /// The process has died of a signal, before anything of the answer was there.
        case death(signal: Int32, memory: Int)
    }

    private func attempt(
        _ request: QueryRequest,
        _ turn: Turn,
        until deadline: ContinuousClock.Instant
    ) async throws -> Attempt {
        let worker = idle.withLock { $0.popLast()?.worker } ?? Worker(settings, source, bases)
        let run = WorkerRun(worker, limits, turn, until: deadline) { [self] in leave(worker, isUsable: $0) }
        do {
            return try await run.during {
                let sequence = try await worker.begin(request, limits, until: deadline)
                return .answer(try await QueryAnswer(sequence: sequence, format: request.format, run))
            }
        } catch let error as BrokenConnection {
            let (signal, memory) = await worker.death()
            logger.warning(
                "a query worker has died",
                metadata: [
                    "process": "\(worker.identifier ?? 0)", "signal": "\(signal)", "reason": "\(error)",
                ]
            )
            return .death(signal: signal, memory: memory)
        }
    }

    /// Takes a worker back.
    private func leave(_ worker: Worker, isUsable: Bool) {
        guard isUsable else {
            worker.end()
            discardAnswers(of: worker)
            return
        }
        idle.withLock { $0.append((worker, .now)) }
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
            defer { idle.removeAll { $0.since <= limit } }
            return idle.filter { $0.since <= limit }
        }
        for (worker, _) in ended { leave(worker, isUsable: false) }
    }
}
