import Inventory
import Records
import Synchronization

/// What resources were when the recording began, of those that have changed since.
///
/// So that a restore can be worked out while others write: what they change meanwhile is here.
final class Recording: Sendable {
    /// The last transaction before.
    let start: UInt64
    private let states = Mutex<[ResourceID: StoredResource?]>([:])

    init(after start: UInt64) {
        self.start = start
    }

    /// Takes note of changes that are about to come into effect.
    func add(_ changes: [Change], before directory: Directory) {
        states.withLock { states in
            for change in changes where states[change.resource] == nil {
                let id = change.resource
                states.updateValue(
                    change.indexBefore.flatMap { _ in directory.resource(id.kind, id: id.id) },
                    forKey: id
                )
            }
        }
    }

    /// The resources that have changed, as they were; nil for absent.
    var before: [ResourceID: StoredResource?] { states.withLock(\.self) }
}
