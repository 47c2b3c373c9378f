import ArgumentParser
import Completeness
import Foundation
import Logging
import Records
import Store
import Tables

/// Where the server keeps its data.
struct DataOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Folder of everything that the server keeps.", valueName: "dir"))
    var dataDir = "./data"

    /// The folder that the option names.
    var directory: DataDirectory { DataDirectory(URL(filePath: dataDir, directoryHint: .isDirectory)) }

    /// Makes sure that there is a data folder, since a misspelt one must not look like an empty inventory.
    func check() throws {
        try StoreOptions.check(directory.path, namedBy: "--data-dir")
    }
}

/// Where the server keeps its data and its snapshots.
struct StoreOptions: ParsableArguments {
    @OptionGroup
    var data: DataOptions

    @Option(help: ArgumentHelp("Folder of the snapshots. (default: snapshots in the data folder)", valueName: "dir"))
    var snapshotDir: String?

    @Option(
        help: ArgumentHelp(
            "Permissions of files; with 0640 or 0660 the group can use them, too. Existing files lose permissions that this does not give. (default: 0600)",
            valueName: "0600|0640|0660"
        ),
        transform: FileMode.read
    )
    var fileMode: FileMode?

    /// The folders that the options name.
    var directory: DataDirectory {
        var directory = data.directory
        if let snapshotDir { directory.snapshots = URL(filePath: snapshotDir, directoryHint: .isDirectory) }
        if let fileMode { directory.disk.mode = fileMode }
        return directory
    }

    /// What the options say of the store.
    var configuration: StoreConfiguration {
        var configuration = StoreConfiguration(directory)
        configuration.tightensSnapshots = fileMode != nil
        return configuration
    }

    /// The folders, which are there.
    func existing() throws -> DataDirectory {
        try data.check()
        return directory
    }

    /// The folder of the snapshots, which needs no data folder where it is named itself.
    func snapshots() throws -> SnapshotFolder {
        if snapshotDir == nil {
            try data.check()
        } else {
            try Self.check(directory.snapshots, namedBy: "--snapshot-dir")
        }
        return SnapshotFolder(directory.snapshots)
    }

    /// Makes sure that there is a snapshot of an id.
    func checkSnapshot(_ id: String) throws {
        let folder = try snapshots()
        guard try folder.contains(id) else {
            throw CommandError(
                "there is no snapshot \(id) in \(folder.path.path); see node-orchestrator snapshot list"
            )
        }
    }

    fileprivate static func check(_ folder: URL, namedBy option: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw CommandError("there is no folder \(folder.path); give the server's with \(option)")
        }
    }
}

extension StoreOptions {
    /// Opens the store, which no server may be using, does something with it, and closes it.
    ///
    /// - Parameters:
    ///   - retention: Which snapshots and how much history are kept; nil for all.
    ///   - credentialKeys: Where the keys come from that seal secrets; nil where no secret is looked at.
    ///   - instead: What to do where a server is using it.
    func withStore<Output>(
        retention: Retention? = nil,
        credentialKeys: CredentialKeySource? = nil,
        instead: String,
        _ body: (InventoryStore) async throws -> Output
    ) async throws -> Output {
        try data.check()
        var configuration = configuration
        configuration.retention = retention
        configuration.credentialKeys = credentialKeys ?? .generated
        configuration.takesDocuments = credentialKeys != nil
        let store: InventoryStore
        do {
            store = try await .opened(configuration, logger: .offline())
        } catch let error as FolderInUse {
            throw CommandError("\(error)\n\(instead)")
        }
        let outcome = await Result { try await body(store) }
        try await store.close(takingSnapshot: false)
        return try outcome.get()
    }
}

extension InventoryStore {
    /// Opens the inventory, and shows on a terminal how far that has come.
    static func opened(_ configuration: StoreConfiguration, logger: Logger) async throws -> InventoryStore {
        let progress = ProgressBar(label: "reading the journal")
        defer { progress.finish() }
        var configuration = configuration
        configuration.replayProgress = progress.update
        return try await InventoryStore(configuration, logger: logger)
    }
}
