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
}
