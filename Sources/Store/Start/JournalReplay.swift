import Foundation
import Inventory
import Journal
import Records
import Scheduling

/// Collects what the journal made of each resource, to bring that into effect.
struct JournalReplay {
    /// The last that became of each resource.
    private var latest: [JournalChange] = []
    /// Where the resources are in that.
    private var places: [ResourceID: Int] = [:]
    /// The requests with a key that were done, in their order.
    private var requests: [DoneRequest] = []
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
                latest.append(change)
            }
        }
        requests += segment.requests
        transactionCount += segment.transactionCount
        if let program = segment.program { programs.insert(program) }
    }

    /// How many resources there were.
    var resourceCount: Int { latest.count }

    /// How many resources are read at once by one processor.
    private static let partSize = 8192

    /// Brings the views up to date, by parts that all processors take in turn.
    ///
    /// The order of the parts does not matter, since each resource is in one of them only, and a key is taken only from
    /// the resource that still has it.
    ///
    /// - Parameter tip: The last transaction.
    /// - Returns: Fields that this version does not have, as paths such as `ComputeNode.bmc.colour`; they are left out.
    /// - Throws: ``StoredFormatError`` where a document cannot be read.
    func apply(to views: Views, through tip: ChainPoint) throws -> Set<String> {
        let latest = latest
        for kind in Kind.allCases where views.directory.count(kind) == 0 {
            views.reserve(kind, count: latest.count { $0.resource.kind == kind })
        }
        let unknown = onAllProcessors((latest.count + Self.partSize - 1) / Self.partSize) { part in
            let start = part * Self.partSize
            let (changes, unknown) = try views.changes(to: latest[start..<min(start + Self.partSize, latest.count)])
            views.apply(changes, through: tip)
            return unknown
        }
        for request in requests { views.requests.add(request) }
        return try unknown.reduce(into: Set()) { $0.formUnion(try $1.get()) }
    }
}
