package import Foundation
import Inventory
import Journal
import Records
import Tables

/// Makes a data directory one that a start accepts, though files of it are damaged, missing or foreign, and says what that
/// costs.
///
/// Whatever is taken out is kept beside the rest. Where a snapshot has all that the damaged part had, only history is
/// lost; else the inventory goes back to the transaction before it.
package struct JournalRepair {
    /// Whether anything was wrong.
    package private(set) var isNeeded = false
    /// What was wrong, in sentences.
    package private(set) var faults: [String] = []
    /// What was done, or would be, in sentences.
    package private(set) var actions: [String] = []
    /// What it costs, in a sentence.
    package private(set) var lost = "Nothing is lost."

    private let files: DataFiles
    private let surveys: [SegmentSurvey]
    private let folder: JournalFolder
    private let aside: URL
    private let carriesOut: Bool
    private let inventory: UUID

    /// Repairs a data directory, which no server may be using.
    package init(_ directory: DataDirectory, at date: Date) throws {
        let locks = try directory.lockedFolders.filter { FileManager.default.fileExists(atPath: $0.path) }
            .map { try FolderLock($0) }
        try self.init(directory, at: date, carriesOut: true)
        withExtendedLifetime(locks) {}
    }

    /// Says what a repair would do.
    package static func plan(_ directory: DataDirectory, at date: Date) throws -> JournalRepair {
        try JournalRepair(directory, at: date, carriesOut: false)
    }

    private init(_ directory: DataDirectory, at date: Date, carriesOut: Bool) throws {
        let found = try DataFiles(directory)
        let faults = found.faults
        files = found.without(faults.compactMap(\.misplacedSegment))
        folder = JournalFolder(directory.journal, disk: directory.disk)
        aside = folder.path.appending(path: "damaged-\(SnapshotID.text(at: date))")
        self.carriesOut = carriesOut
        inventory = files.inventory ?? .version7()
        surveys = try Self.surveys(of: files)
        var all = faults + surveys.flatMap(files.pastFaults) + [surveys.last.flatMap(files.endFault)].compactMap(\.self)
        let misplaced = all.compactMap(\.misplacedSnapshot)
        let snapshots = SnapshotFolder(files.directory.snapshots, disk: folder.disk)
        let good = files.snapshots.compactMap { file -> ChainPoint? in
            guard let manifest = file.readManifest, !misplaced.contains(snapshots.folder(file.id)),
                snapshots.isGood(file.id)
            else { return nil }
            return ChainPoint(sequence: manifest.sequence, hash: manifest.chain ?? .beginning)
        }
        let plan = RepairPlan(planned, snapshots: good, head: files.readHead?.tip)
        if all.isEmpty, damages.isEmpty, plan.kept.isEmpty, let first = files.segments.first?.file.first {
            let saved = plan.reach.sequence
            all.append(.gap(snapshots: snapshots.path, saved: saved, journal: folder.path, first: first))
        }
        self.faults = all.map(\.description) + damages
        guard !self.faults.isEmpty else { return }
        isNeeded = true
        try carryOut(plan, all, snapshots)
    }

    /// What counts of each segment.
    private static func surveys(of files: DataFiles) throws -> [SegmentSurvey] {
        var chain: ChainHash?
        return try files.segments.enumerated().map { index, segment in
            var expectation = files.expectation(of: index)
            if expectation.chain == nil, files.isOfFirstFormat { expectation.chain = chain ?? .beginning }
            let survey = try segment.file.surveyWithChanges(expectation)
            if let error = segment.file.error(survey), case .otherVersion = error { throw error }
            chain = survey.isDamaged ? nil : survey.chain
            return survey
        }
    }

    private var damages: [String] {
        zip(files.segments, surveys).compactMap { segment, survey in
            guard survey.isDamaged, let fault = survey.fault else { return nil }
            return "\(segment.file.path.path), line \(fault.line): \(fault.damage)"
        }
    }

    // MARK: Carrying out

    /// Does what a plan says, in such an order that a repair that was interrupted can be repeated.
    private mutating func carryOut(_ plan: RepairPlan, _ faults: [DataFault], _ snapshots: SnapshotFolder) throws {
        let misplaced = faults.compactMap(\.misplacedSnapshot)
        let segments = files.segments.map(\.file)
        // Where anything was lost nobody knows which numbers were given: a start passes over those that may have been, unless
        // the last segment says that it ended cleanly.
        let isOnlyMisplaced = faults.allSatisfy { $0.misplacedSegment != nil || $0.misplacedSnapshot != nil }
        let begins = plan.beginsSegment || !isOnlyMisplaced
        let fresh = begins ? folder.segment(plan.reach.sequence + 1) : nil
        var cut: JournalFolder.Segment?
        if plan.cutsLast, let last = plan.kept.last, try segments[last].size > surveys[last].goodSize {
            cut = segments[last]
        }
        try setAside(faults.compactMap(\.misplacedSegment))
        for segment in segments where segment == cut || segment == fresh { try copyAside(segment) }
        if let fresh {
            try begin(fresh, plan, previous: plan.kept.map { segments[$0].first }.last { $0 < fresh.first })
        }
        try setAside(
            segments.indices.reversed().filter { !plan.kept.contains($0) && segments[$0] != fresh }.map {
                segments[$0].path
            }
        )
        if let cut, let survey = plan.kept.last.map({ surveys[$0] }), cut != fresh {
            actions.append("\(cut.name) is cut at line \(survey.fault?.line ?? 0).")
            if carriesOut { try folder.disk.truncate(cut.path, to: survey.goodSize) }
        }
        let unusable = files.snapshots.filter { file in
            misplaced.contains(snapshots.folder(file.id)) || file.readManifest?.sequence ?? 0 > plan.reach.sequence
        }
        try setAside(snapshots: unusable.map { snapshots.folder($0.id) }, in: snapshots)
        try accept(plan, fresh)
        say(plan)
    }

    private var planned: [RepairPlan.Segment] {
        zip(files.segments, surveys).enumerated().map { index, segment in
            let (file, survey) = segment
            let isLinked =
                index > 0
                && files.previous(of: file) ?? files.segments[index - 1].file.first
                    == files.segments[index - 1].file.first
            return RepairPlan.Segment(
                first: file.file.first,
                isLinked: isLinked,
                last: survey.header == nil ? nil : survey.last,
                chain: survey.chain,
                isDamaged: survey.isDamaged,
                highest: survey.fault == nil ? survey.last : survey.highest
            )
        }
    }

    /// Keeps segments outside of the journal.
    private mutating func setAside(_ segments: [URL]) throws(DiskError) {
        guard !segments.isEmpty else { return }
        if carriesOut { try folder.disk.createFolder(aside) }
        for segment in segments {
            actions.append("\(segment.lastPathComponent) is moved to \(aside.path).")
            guard carriesOut else { continue }
            try removeIndex(of: segment)
            try folder.disk.move(segment, to: aside.appending(path: segment.lastPathComponent))
            try folder.disk.sync(folder.path)
        }
    }

    private mutating func copyAside(_ segment: JournalFolder.Segment) throws(DiskError) {
        actions.append("\(segment.name) is copied to \(aside.path).")
        guard carriesOut else { return }
        try removeIndex(of: segment.path)
        try folder.disk.createFolder(aside)
        try folder.disk.create(aside.appending(path: segment.name), segment.contents())
        try folder.disk.sync(aside)
    }

    private func removeIndex(of segment: URL) throws(DiskError) {
        let index = JournalFolder.Segment(first: 0, path: segment).indexPath
        if FileManager.default.fileExists(atPath: index.path) { try folder.disk.remove(index) }
    }

    /// Keeps snapshots where nobody takes them for this inventory's.
    private mutating func setAside(snapshots: [URL], in folder: SnapshotFolder) throws(DiskError) {
        guard !snapshots.isEmpty else { return }
        let aside = folder.path.appending(path: "set-aside-\(aside.lastPathComponent.dropFirst("damaged-".count))")
        if carriesOut { try folder.disk.createFolder(aside) }
        for snapshot in snapshots {
            actions.append("\(snapshot.lastPathComponent) is moved to \(aside.path).")
            guard carriesOut else { continue }
            try folder.disk.move(snapshot, to: aside.appending(path: snapshot.lastPathComponent))
            try folder.disk.sync(folder.path)
        }
    }

    /// Begins a segment, which voids what older ones have from there on.
    private mutating func begin(_ fresh: JournalFolder.Segment, _ plan: RepairPlan, previous: UInt64?) throws(DiskError)
    {
        let next = max(
            surveys.compactMap(\.header?.next).max() ?? 1,
            (surveys.map(\.highest).max() ?? 0) + 1,
            plan.highest + 1
        )
        actions.append("\(fresh.name) is begun; the next transaction will be \(next) or a later one.")
        guard carriesOut else { return }
        let partial = folder.partial(fresh)
        try folder.disk.createFolder(folder.path)
        if FileManager.default.fileExists(atPath: partial.path) { try folder.disk.remove(partial) }
        let header = JournalHeader(
            inventory: inventory,
            next: next,
            previous: previous ?? 0,
            base: plan.reach,
            time: plan.kept.last.flatMap { surveys[$0].time } ?? surveys.compactMap(\.time).max()
                ?? Timestamp(microseconds: 0)
        )
        try folder.disk.create(partial, header.line)
        try folder.disk.move(partial, to: fresh.path)
    }

    /// Takes what is there now for what ought to be there.
    private func accept(_ plan: RepairPlan, _ fresh: JournalFolder.Segment?) throws {
        guard carriesOut else { return }
        let disk = folder.disk
        let kept = plan.kept.filter { files.segments[$0].file != fresh }
        let adopted = kept.filter { files.segments[$0].isOfFirstFormat }.map { index in
            Adoption.Segment(
                first: files.segments[index].file.first,
                last: surveys[index].last,
                chain: surveys[index].chain?.description
            )
        }
        let snapshots = files.snapshots.filter { $0.readManifest?.format == DiskFormat.first }.map(\.id)
        if !adopted.isEmpty || !snapshots.isEmpty {
            try disk.replace(
                files.directory.adoption,
                Adoption(inventory: inventory, segments: adopted, snapshots: snapshots).line
            )
        } else if FileManager.default.fileExists(atPath: files.directory.adoption.path) {
            try disk.remove(files.directory.adoption)
        }
        let firsts = kept.map { files.segments[$0].file.first } + [fresh?.first].compactMap(\.self)
        _ = try HeadFile(
            files.directory.head,
            JournalHead(
                inventory: inventory,
                stamp: (files.readHead?.stamp ?? 0) + 1,
                oldest: firsts.min() ?? 0,
                segment: firsts.max() ?? 0,
                tip: plan.reach
            ),
            on: disk
        )
    }

    private mutating func say(_ plan: RepairPlan) {
        let first = plan.kept.first.map { files.segments[$0].file.first } ?? plan.reach.sequence + 1
        if plan.reach.sequence < plan.highest {
            let next = plan.kept.upperBound
            let cut = plan.cutsLast ? plan.kept.last.flatMap { surveys[$0].fault?.behind } ?? 0 : 0
            let behind = cut + surveys[next...].reduce(0) { $0 + $1.count + ($1.fault?.behind ?? 0) }
            let kept = ", of which \(behind) behind the damage could be read. They are kept in \(aside.path)."
            lost =
                "The inventory goes back to the transaction \(plan.reach.sequence): those from "
                + "\(plan.reach.sequence + 1) on are lost" + (behind > 0 ? kept : ".")
        } else if plan.kept.count < files.segments.count || first > 1 {
            lost =
                "No state is lost, as a snapshot has all up to \(first - 1); "
                + "the history of the transactions before \(first) can no longer be read."
        } else if files.readHead == nil {
            lost =
                "The last transaction that is there is \(plan.reach.sequence). Without a head nobody can say whether there "
                + "were later ones."
        }
    }
}

extension SnapshotFolder {
    /// Whether a snapshot is there and every file of it is as its manifest says.
    fileprivate func isGood(_ id: String) -> Bool {
        do throws(SnapshotError) {
            return try snapshot(id).isVerified
        } catch {
            return false
        }
    }
}

extension DataFault {
    /// A segment that is to be taken out of the journal.
    fileprivate var misplacedSegment: URL? {
        switch self {
        case .stray(let file, _): file
        case .foreign(let file, _, _) where file.pathExtension == JournalFolder.pathExtension: file
        default: nil
        }
    }

    /// A snapshot that is to be taken out of their folder.
    fileprivate var misplacedSnapshot: URL? {
        switch self {
        case .otherPast(let folder, _): folder
        case .foreign(let folder, _, _) where folder.pathExtension != JournalFolder.pathExtension: folder
        default: nil
        }
    }
}
