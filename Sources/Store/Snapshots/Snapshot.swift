import Crypto
package import Foundation
package import Inventory

/// A snapshot on disk: a folder of Parquet files and its manifest.
package struct Snapshot: Sendable {
    /// The time at which it was taken, as the folder's name has it: `2026-11-23T18-20-00.123Z`.
    package let id: String
    /// The folder.
    package let folder: URL
    package let manifest: SnapshotManifest

    static let manifestName = "manifest.json"
    /// The file that says which fields the Parquet files have.
    static let schemaName = "schema.sql"

    /// Reads the manifest of a snapshot; the other files are not looked at.
    init(id: String, folder: URL) throws(SnapshotError) {
        self.id = id
        self.folder = folder
        do {
            let data = try Data(contentsOf: folder.appending(path: Self.manifestName))
            let format = try JSONDecoder().decode(FormatOnly.self, from: data).format
            guard format == SnapshotManifest.currentFormat else { throw SnapshotError.unknownFormat(format) }
            manifest = try JSONDecoder().decode(SnapshotManifest.self, from: data)
            try manifest.check()
        } catch let error as SnapshotError {
            throw error
        } catch {
            throw .unreadable("\(Self.manifestName): \(error.localizedDescription)")
        }
    }

    private struct FormatOnly: Decodable {
        var format: Int
    }

    /// The name of the Parquet file of a kind.
    package static func fileName(of kind: Kind) -> String { "\(kind.rawValue).parquet" }

    /// The Parquet file of a kind.
    package func file(of kind: Kind) -> URL { folder.appending(path: Self.fileName(of: kind)) }

    /// Makes sure that every file is there, as long as the manifest says, and unchanged.
    package func verify() throws(SnapshotError) {
        for name in manifest.files.keys.sorted() { try verify(name) }
    }

    /// Makes sure of the Parquet file of a kind.
    func verify(_ kind: Kind) throws(SnapshotError) {
        try verify(Self.fileName(of: kind))
    }

    private func verify(_ name: String) throws(SnapshotError) {
        guard let expected = manifest.files[name] else { throw .damaged("\(name) is not in its manifest") }
        let found = try Self.describe(folder.appending(path: name))
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
    static func describe(_ file: URL) throws(SnapshotError) -> SnapshotManifest.File {
        do {
            let handle = try FileHandle(forReadingFrom: file)
            var (size, hash) = (0, SHA256())
            while let data = try handle.read(upToCount: pieceSize), !data.isEmpty {
                hash.update(data: data)
                size += data.count
            }
            return SnapshotManifest.File(size: size, sha256: hash.finalize().hexadecimal)
        } catch {
            throw .unreadable("\(file.lastPathComponent): \(error.localizedDescription)")
        }
    }
}

/// Why a snapshot cannot be used.
package enum SnapshotError: Error, Equatable, CustomStringConvertible {
    case unreadable(String)
    case damaged(String)
    case unknownFormat(Int)

    package var description: String {
        switch self {
        case .unreadable(let what): "cannot be read: \(what)"
        case .damaged(let what): "is damaged: \(what)"
        case .unknownFormat(let format):
            "has format \(format); this program reads \(SnapshotManifest.currentFormat), a newer one may read it"
        }
    }
}
