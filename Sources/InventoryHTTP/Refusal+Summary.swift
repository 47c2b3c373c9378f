import Inventory

extension Refusal {
    /// How many operations are named, and how many messages are told one after the other.
    private static let (namedOperations, toldMessages) = (10, 3)

    /// What was refused, in a few sentences: how much is wrong over the whole, in which operations, and what the first of it is.
    ///
    /// - Parameters:
    ///   - noun: What an operation is called, which has its number then; nil for none.
    ///   - first: The problem that the answer's status is of.
    func summary(of noun: String?, _ first: Problem) -> String {
        guard let noun, first.reason.isOfOperation else { return told(first) }
        let operations = Set(problems.map(\.operation)).sorted()
        guard operations.count > 1 else {
            return "\(noun.prefix(1).uppercased())\(noun.dropFirst()) \(first.operation): \(told(first))"
        }
        let count = problems.reduce(0) { $0 + max(1, $1.violations.count) }
        var names = operations.prefix(Self.namedOperations).map(String.init)
        if operations.count > names.count { names.append("\(operations.count - names.count) more") }
        let list = "\(names.dropLast().joined(separator: ", ")) and \(names[names.count - 1])"
        // Nobody looked further.
        let atLeast = problems.count >= Self.maximumProblems ? "At least " : ""
        return "\(atLeast)\(count) mistakes, in \(noun)s \(list). The first: \(first.message)"
    }

    /// The messages where there are few, or else how many there are, and one.
    private func told(_ first: Problem) -> String {
        guard problems.count > Self.toldMessages else { return problems.map(\.message).joined(separator: " ") }
        return "\(first.message) And \(problems.count - 1) more such mistakes."
    }
}

extension Refusal.Reason {
    /// Whether it is about one operation, and not about the whole or the server.
    fileprivate var isOfOperation: Bool {
        switch self {
        case .invalid, .notFound, .conflict, .unexpected: true
        case .tooLarge, .gone, .timedOut, .unavailable, .uncertain, .otherRequest: false
        }
    }
}
