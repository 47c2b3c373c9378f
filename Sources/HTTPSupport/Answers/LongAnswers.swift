import Synchronization

/// How many answers of several pieces are being sent.
final class LongAnswers: Sendable {
    private let count = Atomic(0)

    /// How many are few, whose pieces may be large.
    private static let few = 8

    var areFew: Bool { count.load(ordering: .relaxed) <= Self.few }

    /// One of them, for as long as it is there.
    final class Answer: Sendable {
        private let all: LongAnswers

        init(among all: LongAnswers) {
            self.all = all
            all.count.add(1, ordering: .relaxed)
        }

        deinit {
            all.count.subtract(1, ordering: .relaxed)
        }
    }
}
