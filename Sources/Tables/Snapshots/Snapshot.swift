import Crypto
package import Foundation
package import Inventory
package import Records
import Schema

/// A snapshot on disk: a folder of Parquet files and its manifest.
package struct Snapshot: Sendable {
    /// The time at which it was taken, as the folder's name has it: `2026-11-23T18-20-00.123Z`.
    package let id: String
    /// The folder.
    package let folder: URL
    package let manifest: SnapshotManifest

    package static let manifestName = "manifest.json"
    /// The file that says which fields the Parquet files have.
    package static let schemaName = "schema.sql"
    static let parquetSuffix = ".parquet"

    /// Reads the manifest of a snapshot; the other files are not looked at.
    package init(id: String, folder: URL) throws(SnapshotError) {
        self.id = id
        self.folder = folder
        let data: Data
        do {
            data = try Data(contentsOf: folder.appending(path: Self.manifestName))
        } catch {
            throw .unreadable("\(Self.manifestName): \(error.systemReason)")
        }
        manifest = try SnapshotManifest(json: data)
    }

    /// The name of the Parquet file of a kind.
    package static func fileName(of kind: Kind) -> String { kind.name + parquetSuffix }

    /// The name of the Parquet file of a kind's sealed secrets.
    package static func secretsFileName(of kind: Kind) -> String { "\(kind.name).secrets\(parquetSuffix)" }

    /// The Parquet file of a kind; nil where the snapshot has no such kind.
    package func file(of kind: Kind) -> URL? {
        manifest.kinds.contains(kind) ? folder.appending(path: Self.fileName(of: kind)) : nil
    }

    /// The Parquet file of a kind's sealed secrets; nil where there is none.
    func secretsFile(of kind: Kind) -> URL? {
        let name = Self.secretsFileName(of: kind)
        return manifest.files[name].map { _ in folder.appending(path: name) }
    }

    /// Makes sure that every file is there, as long as the manifest says, and unchanged, and that there are no others
    /// that a reader would take for the snapshot's.
    package func verify() throws(SnapshotError) {
        for name in manifest.files.keys.sorted() { try verify(name) }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } catch {
            throw .unreadable(error.systemReason)
        }
        for name in names.sorted() where name.hasSuffix(Self.parquetSuffix) && manifest.files[name] == nil {
            throw .damaged("\(name) is not in its manifest")
        }
    }

    /// Whether every file is as its manifest says.
    package var isVerified: Bool {
        do {
            try verify()
            return true
        } catch {
            return false
        }
    }

    /// Makes sure of the Parquet files of a kind.
    package func verify(_ kind: Kind) throws(SnapshotError) {
        for name in [Self.fileName(of: kind), Self.secretsFileName(of: kind)] where manifest.files[name] != nil {
            try verify(name)
        }
    }

    /// Makes sure of the Parquet file of a kind's fields, wherever it is.
    package func verifyTable(of kind: Kind, at file: URL) throws(SnapshotError) {
        try verify(Self.fileName(of: kind), at: file)
    }

    private func verify(_ name: String) throws(SnapshotError) { try verify(name, at: folder.appending(path: name)) }

    private func verify(_ name: String, at file: URL) throws(SnapshotError) {
        guard let expected = manifest.files[name] else { throw .damaged("\(name) is not in its manifest") }
        let found = try Self.describe(file)
        guard found.size == expected.size else {
            throw .damaged("\(name) has \(found.size) bytes, not \(expected.size)")
        }
        guard found.sha256 == expected.sha256 else {
            throw .damaged("\(name) does not have the SHA-256 of the manifest")
        }
    }

    /// How much of a file is read at once, in bytes.
    private static let pieceSize = 1 << 20

    /// Size and hash of a file.
    package static func describe(_ file: URL) throws(SnapshotError) -> SnapshotManifest.File {
        do {
            let handle = try FileHandle(forReadingFrom: file)
            var (size, hash) = (0, SHA256())
            while let data = try handle.read(upToCount: pieceSize), !data.isEmpty {
                hash.update(data: data)
                size += data.count
            }
            return SnapshotManifest.File(size: size, sha256: hash.finalize().hexadecimal)
        } catch {
            throw .unreadable("\(file.lastPathComponent): \(error.systemReason)")
        }
    }
}
