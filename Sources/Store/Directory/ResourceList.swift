package import Foundation
package import Records

/// Resources of a kind in order, as they were at one moment.
///
/// The resources of a whole table share its chunks, so that a list of all costs little and touches no document.
package struct ResourceList: Sendable {
    /// The size of all documents together, in bytes.
    package let documentLength: Int
    private let storage: Storage

    private enum Storage: Sendable {
        case array([(id: UUID, stored: StoredResource)])
        /// The places that have a resource, in order.
        case table(SlotArray, places: [UInt32])
    }

    init(_ resources: [(id: UUID, stored: StoredResource)]) {
        documentLength = resources.reduce(0) { $0 + $1.stored.document.count }
        storage = .array(resources)
    }

    /// All resources of a table.
    ///
    /// - Parameter places: Their places in the order of their identifiers.
    init(all slots: SlotArray, places: [UInt32], documentLength: Int) {
        self.documentLength = documentLength
        storage = .table(slots, places: places)
    }

    /// The document of a resource, without anything else of it.
    package func document(at index: Int) -> [UInt8] {
        switch storage {
        case .array(let resources): resources[index].stored.document
        case .table(let slots, let places): slots[places[index]].stored.document
        }
    }
}

extension ResourceList: RandomAccessCollection {
    package var startIndex: Int { 0 }

    package var endIndex: Int {
        switch storage {
        case .array(let resources): resources.count
        case .table(_, let places): places.count
        }
    }

    package subscript(index: Int) -> (id: UUID, stored: StoredResource) {
        switch storage {
        case .array(let resources):
            return resources[index]
        case .table(let slots, let places):
            let slot = slots[places[index]]
            return (slot.id, slot.stored)
        }
    }
}
