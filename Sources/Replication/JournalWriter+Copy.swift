import Inventory
import Journal
import Records

extension JournalWriter {
    /// Appends transactions that count elsewhere, as far as it can now.
    ///
    /// - Throws: ``LogError/damaged(_:)`` where one comes to another hash here.
    func copy(_ found: [(record: JournalRecord, point: ChainPoint)]) throws(LogError) {
        var rest = found[...]
        while let first = rest.first {
            // Numbers may have been passed over in between.
            var count = 1
            while count < rest.count,
                rest[rest.startIndex + count].record.sequence == first.record.sequence + UInt64(count)
            {
                count += 1
            }
            let run = rest.prefix(count)
            guard case .counts(let points) = append(run.map(\.record), after: tip) else { return }
            guard points.elementsEqual(run.map(\.point), by: ==) else {
                throw .damaged("a hash differs at transaction \(first.record.sequence)")
            }
            rest = rest.dropFirst(count)
        }
    }
}
