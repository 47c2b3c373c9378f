/// A fault of something that is tried again and again, so that the log has it once.
package struct RepeatedFault: Sendable {
    /// What is wrong now; nil while all is well.
    private var reason: String?
    /// Since when something is wrong.
    package private(set) var start: ContinuousClock.Instant?

    package init() {}

    /// Notes what is wrong.
    ///
    /// - Returns: Whether that is news.
    package mutating func begin(_ reason: String) -> Bool {
        if start == nil { start = .now }
        defer { self.reason = reason }
        return self.reason != reason
    }

    /// Notes that all is well.
    ///
    /// - Returns: Whether that is news.
    package mutating func end() -> Bool {
        defer { self = RepeatedFault() }
        return reason != nil
    }
}
