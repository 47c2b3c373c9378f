import ArgumentParser
import Copies
import Logging
import ObjectStorage
import Records
import Store
import Tables

/// Where else snapshots are kept, and what an inventory begins with.
struct CopyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Folder, or s3://BUCKET/PREFIX, that each snapshot is copied to.", valueName: "location")
    )
    var snapshotCopy: String?

    @Option(help: ArgumentHelp("How many copies to keep there. (default: all)", valueName: "n"))
    var snapshotCopyKeep: Int?

    @Option(
        help: ArgumentHelp(
            "Keep copies younger than this, and at least the newest --snapshot-copy-keep, or 1. (default: all)",
            valueName: "time"
        ),
        transform: DurationArgument.read
    )
    var snapshotCopyKeepFor: DurationArgument?

    @Option(
        help: ArgumentHelp(
            "Folder or s3:// place of copies, or one copy, that a new inventory begins with.",
            valueName: "location"
        )
    )
    var restoreFrom: String?

    func validate() throws {
        guard snapshotCopyKeep ?? 1 >= 1 else { throw ValidationError("--snapshot-copy-keep is at least 1.") }
        try Self.check(snapshotCopy, of: "--snapshot-copy")
        try Self.check(restoreFrom.map { CopyPlace.split($0).location }, of: "--restore-from")
        guard snapshotCopy != nil || (snapshotCopyKeep == nil && snapshotCopyKeepFor == nil) else {
            throw ValidationError("--snapshot-copy-keep and --snapshot-copy-keep-for need --snapshot-copy.")
        }
    }

    /// Checks that a location can be one, without looking whether it is there.
    private static func check(_ location: String?, of option: String) throws {
        guard let location else { return }
        do {
            _ = try CopyPlace(location)
        } catch {
            throw ValidationError("\(option): \(error.description).")
        }
    }

    private var retention: Retention? {
        guard snapshotCopyKeep != nil || snapshotCopyKeepFor?.duration != nil else { return nil }
        return Retention(count: snapshotCopyKeep ?? 1, age: snapshotCopyKeepFor?.duration)
    }

    /// Where copies are; nil where there are none.
    func place(_ disk: Disk) throws -> CopyPlace? { try snapshotCopy.map { try CopyPlace($0, disk) } }

    /// What copies the snapshots of a store; nil where they stay alone.
    func copier(_ store: InventoryStore, logger: Logger) throws -> SnapshotCopier? {
        guard let place = try place(store.snapshotFolder.disk) else { return nil }
        if case .folder(let folder) = place, folder.isSame(as: store.snapshotFolder) {
            throw CommandError("--snapshot-copy names the folder of the snapshots themselves")
        }
        return SnapshotCopier(store, to: place, keeping: retention, logger: logger)
    }
}
