import Inventory
import Journal
import Records

/// Transactions that go into the log together.
struct Batch {
    /// What each of the requests gets, should the batch count.
    var results: [Result<Receipt, any Error>] = []
    /// Of those that change anything.
    private(set) var records: [JournalRecord] = []
    private(set) var changes: [[Change]] = []
    private var (changeCount, byteCount) = (0, 0)

    /// How many changes, and bytes of documents, a batch has at about.
    private static let (maximumChanges, maximumBytes) = (20_000, 64 << 20)

    /// Whether no more is to come into it.
    var isFull: Bool { changeCount >= Self.maximumChanges || byteCount >= Self.maximumBytes }

    mutating func add(_ record: JournalRecord, _ changes: [Change]) {
        records.append(record)
        self.changes.append(changes)
        changeCount += changes.count
        byteCount += changes.reduce(0) { $0 + ($1.stored?.document.count ?? 0) }
    }
}
