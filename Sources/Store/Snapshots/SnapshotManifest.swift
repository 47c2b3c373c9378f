import Foundation
package import Inventory

/// What a snapshot holds: `manifest.json` in its folder.
///
/// The format is documented in `docs/formats/snapshot.md`.
package struct SnapshotManifest: Codable, Sendable, Equatable {
    /// The version of the format that this program writes and reads.
    package static let currentFormat = 1

    /// Version of the format.
    package var format = Self.currentFormat
    /// Sequence number of the last transaction in the snapshot.
    package var sequence: UInt64
    /// When it was taken, RFC 3339.
    package var createdAt: String
    /// The program that wrote it.
    package var program: String
    /// The files, by name.
    package var files: [String: File]

    private enum CodingKeys: String, CodingKey {
        case format, sequence, program, files
        case createdAt = "created_at"
    }

    /// A file of a snapshot.
    package struct File: Codable, Sendable, Equatable {
        /// Bytes.
        package var size: Int
        /// SHA-256, lower-case hexadecimal.
        package var sha256: String
        /// Rows of a Parquet file.
        package var rows: Int?
    }

    /// How many resources of a kind the snapshot holds.
    package func rows(of kind: Kind) -> Int {
        files[Snapshot.fileName(of: kind)]?.rows ?? 0
    }

    /// Bytes of all files together.
    package var size: Int { files.values.reduce(0) { $0 + $1.size } }

    /// The highest numbers that a manifest can have: far above what there can be, and safe to add to.
    private static let maximum = 1 << 53

    /// Makes sure that the numbers are possible and that each kind has its file.
    func check() throws(SnapshotError) {
        guard sequence <= Self.maximum,
            files.values.allSatisfy({
                (0...Self.maximum).contains($0.size) && (0...Self.maximum).contains($0.rows ?? 0)
            }),
            files.count <= 1000
        else { throw .damaged("\(Snapshot.manifestName) has numbers that cannot be") }
        for kind in Kind.allCases where files[Snapshot.fileName(of: kind)]?.rows == nil {
            throw .damaged("\(Snapshot.manifestName) does not list \(Snapshot.fileName(of: kind))")
        }
    }
}
