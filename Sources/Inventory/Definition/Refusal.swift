import Foundation
package import Schema

/// Why the store did not do what it was asked; nothing of the request is in effect, unless the reason is that nobody knows.
package struct Refusal: Error, Sendable, CustomStringConvertible {
    /// What kind of reason it is, and so what the client can do about it.
    package enum Reason: Sendable {
        /// The document breaks its schema, or a rule of the same kind.
        case invalid
        /// No such resource.
        case notFound
        /// Another resource has the key, or refers to this one.
        case conflict
        /// The resource, or how many there are, is not what the client expects.
        case unexpected
        /// A document is larger than what is stored.
        case tooLarge
        /// The moment is further back than what is kept.
        case gone
        /// The work takes longer than it may.
        case timedOut
        /// The disk fails, too many wait, or the server is stopping: the same request may work later.
        case unavailable
        /// What the client calls the request was another one's.
        case otherRequest
        /// The log did not say in time whether the request was done.
        case uncertain
    }

    /// One thing that is wrong, of those that were found.
    package struct Problem: Sendable {
        /// Which operation of the transaction it concerns, from 0.
        package var operation: Int
        package var reason: Reason
        /// A sentence for the person who asked.
        package var message: String
        /// Where a document is wrong.
        package var violations: [SchemaViolation] = []
        /// The resource that stands in the way.
        package var holder: ResourceID?
        /// The oldest moment that can be read, where an older one was asked for.
        package var oldest: UInt64?

        package init(
            operation: Int,
            reason: Reason,
            message: String,
            violations: [SchemaViolation] = [],
            holder: ResourceID? = nil,
            oldest: UInt64? = nil
        ) {
            self.operation = operation
            self.reason = reason
            self.message = message
            self.violations = violations
            self.holder = holder
            self.oldest = oldest
        }

        /// Whether the resource is not what it was found to be.
        package var isOvertaken: Bool { reason == .unexpected || reason == .notFound }

        /// The same problem of another operation.
        package func of(operation: Int) -> Problem {
            var problem = self
            problem.operation = operation
            return problem
        }
    }

    /// How many problems are looked for at most.
    package static let maximumProblems = 1000

    /// At least one.
    package var problems: [Problem]

    package init(_ problems: [Problem]) {
        precondition(!problems.isEmpty)
        self.problems = problems
    }

    package init(_ reason: Reason, _ message: String) {
        problems = [Problem(operation: 0, reason: reason, message: message)]
    }

    /// The moment is further back than what is kept.
    package init(gone message: String, oldest: UInt64) {
        problems = [
            Problem(operation: 0, reason: .gone, message: "\(message) The oldest kept is \(oldest).", oldest: oldest)
        ]
    }

    /// The work took longer than it may.
    package init(timedOut limit: Duration) {
        self.init(
            .timedOut,
            "This took longer than the \(limit / .seconds(1)) s that a search may take (--search-timeout); ask for less at "
                + "once."
        )
    }

    package var description: String {
        problems.map(\.message).joined(separator: " ")
    }
}
