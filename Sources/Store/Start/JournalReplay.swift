import Foundation
import Inventory
import Journal
import Records

/// Collects what the journal made of each resource, to bring a directory up to date.
struct JournalReplay {
    /// The last that became of each resource.
    private var latest: [(resource: ResourceID, stored: StoredResource?)] = []
    /// Where the resources are in that.
    private var places: [ResourceID: Int] = [:]
    /// How many transactions there were.
    private(set) var transactionCount = 0
    /// The programs that wrote them.
    private(set) var programs: Set<String> = []

    /// Takes note of what follows all before.
    mutating func add(_ segment: SegmentChanges) {
        places.reserveCapacity(places.count + segment.changes.count)
        latest.reserveCapacity(latest.count + segment.changes.count)
        for change in segment.changes {
            if let place = places[change.resource] {
                latest[place].stored = change.stored
            } else {
                places[change.resource] = latest.count
                latest.append((change.resource, change.stored))
            }
        }
        transactionCount += segment.transactionCount
        if let program = segment.program { programs.insert(program) }
    }

    /// How many resources there were.
    var resourceCount: Int { latest.count }

    /// How many resources are read at once by one processor.
    private static let partSize = 8192

    /// Brings a directory up to date, by parts that all processors take in turn.
    ///
    /// - Parameter body: Gets the changes of each part, on any thread; the order of the parts does not matter, since
    ///   each resource is in one of them only, and a key is taken only from the resource that still has it.
    /// - Returns: Fields that this version does not have, as paths such as `ComputeNode.bmc.colour`; they are left out.
    /// - Throws: ``StoredFormatError`` where a document cannot be read.
    func apply(to directory: Directory, _ body: @Sendable ([Change]) -> Void) throws -> Set<String> {
        let latest = latest
        for kind in Kind.allCases where directory.count(kind) == 0 {
            directory.reserve(kind, count: latest.count { $0.resource.kind == kind })
        }
        let unknown = onAllProcessors((latest.count + Self.partSize - 1) / Self.partSize) { part in
            let start = part * Self.partSize
            let (changes, unknown) = try Self.changes(
                latest[start..<min(start + Self.partSize, latest.count)],
                for: directory
            )
            directory.apply(changes)
            body(changes)
            return unknown
        }
        return try unknown.reduce(into: Set()) { $0.formUnion(try $1.get()) }
    }

    private static func changes(
        _ latest: ArraySlice<(resource: ResourceID, stored: StoredResource?)>,
        for directory: Directory
    ) throws -> (changes: [Change], unknown: Set<String>) {
        var unknown: Set<String> = []
        let changes = try latest.compactMap { id, stored -> Change? in
            let before = directory.resource(id.kind, id: id.id)
            if before == nil, stored == nil { return nil }
            var change = Change(
                resource: id,
                stored: stored,
                indexBefore: before.map { IndexEntry(of: Document(stored: $0.document, id.kind)) },
                index: nil
            )
            if let stored {
                var leftOut: Set<String> = []
                let document = try id.kind.readable(stored.document, unknown: &leftOut)
                change.index = IndexEntry(of: document)
                // Another version may have written its fields in another order.
                if document.bytes != stored.document { change.stored?.document = document.bytes }
                unknown.formUnion(leftOut)
            }
            return change
        }
        return (changes, unknown)
    }
}
