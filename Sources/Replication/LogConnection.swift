import Foundation
import PostgreSQL

/// A server's connection to a shared log: a new one when the last has failed.
final class LogConnection {
    private let configuration: SharedLogConfiguration
    private let status: ReplicaStatus
    private var shared: SharedLog?
    /// How many connections have failed. What was true on one of them need not be on the next.
    private(set) var failures = 0
    /// When the next connection is tried after one that failed, and why that was.
    private var nextAttempt = ContinuousClock.now
    private var failure: (any Error)?

    /// How long it is until the next try to connect.
    static let attemptInterval = Duration.milliseconds(250)

    /// - Parameter status: Says to others whether the log can be used.
    init(_ configuration: SharedLogConfiguration, status: ReplicaStatus) {
        self.configuration = configuration
        self.status = status
    }

    var isOpen: Bool { shared != nil }

    /// Does something with the log; a connection that fails is given up.
    func use<Value>(_ body: (SharedLog) throws -> Value) throws -> Value {
        let shared = try opened()
        do {
            return try body(shared)
        } catch let error as PostgresError where error.endsConnection {
            self.shared = nil
            failures += 1
            status.fails("\(error)")
            throw error
        }
    }

    private func opened() throws -> SharedLog {
        if let shared { return shared }
        if let failure, nextAttempt > .now { throw failure }
        do {
            let shared = try SharedLog(configuration.location, lease: configuration.lease)
            self.shared = shared
            failure = nil
            status.works()
            return shared
        } catch {
            nextAttempt = .now + Self.attemptInterval
            failure = error
            status.fails("\(error)")
            throw error
        }
    }
}
