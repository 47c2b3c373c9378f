import Foundation
import Inventory
import Journal
package import Logging
import Records
import Scheduling
import Tables

extension Adoption {
    /// Makes what format 1 has left an inventory of this format, once: everything is read, and then recorded as what
    /// belongs to it. The files stay as they are.
    ///
    /// - Parameter progress: Gets the bytes of the journal that have been read, and all there are.
    /// - Throws: Where the journal is damaged. Nothing is recorded then.
    package static func adopt(
        _ files: DataFiles,
        logger: Logger,
        progress: (_ done: Int, _ total: Int) -> Void
    ) throws {
        let start = ContinuousClock.now
        let disk = files.directory.disk
        logger.notice(
            "adopting what an earlier version has left; every file is checked, once",
            metadata: ["segments": "\(files.segments.count)", "snapshots": "\(files.snapshots.count)"]
        )
        var adoption = Adoption(inventory: files.readHead?.inventory ?? .version7(), segments: [], snapshots: [])
        let total = try files.segments.reduce(0) { $0 + (try $1.file.size) }
        var done = 0
        var chain = ChainHash.beginning
        for (index, segment) in files.segments.enumerated() {
            var expectation = files.expectation(of: index)
            expectation.chain = chain
            let survey = try segment.file.surveyWithChanges(expectation)
            if let error = segment.file.error(survey) { throw error }
            chain = survey.chain ?? chain
            done += try segment.file.size
            progress(done, total)
            adoption.segments.append(
                Segment(first: segment.file.first, last: survey.last, chain: chain.description)
            )
        }
        let folder = SnapshotFolder(files.directory.snapshots, disk: disk)
        for id in files.snapshots.map(\.id) {
            adoption.snapshots.append(id)
            do throws(SnapshotError) {
                try folder.snapshot(id).verify()
            } catch {
                logger.warning("a snapshot cannot be used", metadata: ["snapshot": "\(id)", "reason": "it \(error)"])
            }
        }
        // The head first: without it, what follows would be taken for an inventory that has lost its head.
        _ = try HeadFile(
            files.directory.head,
            JournalHead(
                inventory: adoption.inventory,
                stamp: (files.readHead?.stamp ?? 0) + 1,
                oldest: adoption.segments.first?.first ?? 0,
                segment: adoption.segments.last?.first ?? 0,
                tip: adoption.tip ?? .beginning
            ),
            on: disk
        )
        try disk.replace(files.directory.adoption, adoption.line)
        logger.notice(
            "adopted what an earlier version has left",
            metadata: [
                "inventory": "\(adoption.inventory.lowercased)",
                "transactions_up_to": .stringConvertible(adoption.tip?.sequence ?? 0),
                "duration_ms": .stringConvertible((ContinuousClock.now - start).milliseconds),
            ]
        )
    }
}
