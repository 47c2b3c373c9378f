package import Inventory
import Records

/// What a client that follows the journal reads, and what tells it when there is more.
///
/// The journal is watched until the feed is stopped, or gone.
package final class EventFeed: Sendable {
    package let reader: EventReader
    /// Comes whenever there may be more to read; ends with ``stop()``.
    package let signals: AsyncStream<Void>
    private let journal: PublishedJournal
    private let watcher: Int

    package init(_ journal: PublishedJournal, after position: EventPosition?, kinds: Set<Kind>?) throws(Refusal) {
        let watch = try journal.watch()
        do throws(Refusal) {
            reader = try EventReader(journal, after: position, kinds: kinds)
        } catch {
            journal.unwatch(watch.id)
            throw error
        }
        self.journal = journal
        watcher = watch.id
        signals = watch.signals
    }

    deinit {
        stop()
    }

    /// Makes the reader look, whether there is more or not.
    package func wake() {
        journal.wake(watcher)
    }

    /// Ends the signals.
    package func stop() {
        journal.unwatch(watcher)
    }
}
