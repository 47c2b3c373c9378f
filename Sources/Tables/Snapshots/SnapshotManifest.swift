package import Foundation
package import Inventory
package import Records

/// What a snapshot holds: `manifest.json` in its folder.
///
/// The formats are documented in `docs/formats/snapshot.md`.
package struct SnapshotManifest: Sendable, Equatable {
    /// Version of the format.
    package var format = DiskFormat.current
    /// The inventory that it is of; nil in format 1.
    package var inventory: UUID?
    /// Sequence number of the last transaction in the snapshot.
    package var sequence: UInt64
    /// The hash after it; nil in format 1.
    package var chain: ChainHash?
    /// When it was taken, RFC 3339.
    package var createdAt: String
    /// The program that wrote it.
    package var program: String
    /// The kinds that were there; one that is not listed has no resources.
    package var kinds: [Kind]
    /// The files, by name.
    package var files: [String: File]

    /// A file of a snapshot.
    package struct File: Codable, Sendable, Equatable {
        /// Bytes.
        package var size: Int
        /// SHA-256, lower-case hexadecimal.
        package var sha256: String
        /// Rows of a Parquet file.
        package var rows: Int?
    }

    /// The kinds of format 1, which does not list them.
    private static let firstKinds = Array(Kind.allCases.prefix(4))

    package init(position: ChainPoint, inventory: UUID, createdAt: String, program: String, files: [String: File]) {
        self.inventory = inventory
        sequence = position.sequence
        chain = position.hash
        self.createdAt = createdAt
        self.program = program
        kinds = Kind.allCases
        self.files = files
    }

    /// The place in the sequence of transactions; nil where format 1 does not say.
    package var position: ChainPoint? { chain.map { ChainPoint(sequence: sequence, hash: $0) } }

    /// How many resources of a kind the snapshot holds.
    package func rows(of kind: Kind) -> Int {
        files[Snapshot.fileName(of: kind)]?.rows ?? 0
    }

    /// How many resources of all kinds the snapshot holds.
    package var resourceCount: Int { Kind.allCases.reduce(0) { $0 + rows(of: $1) } }

    /// Bytes of all files together.
    package var size: Int { files.values.reduce(0) { $0 + $1.size } }
}

// MARK: JSON

extension SnapshotManifest {
    /// The manifest as its file has it.
    private struct Written: Codable {
        var format: Int
        var inventory: String?
        var sequence: UInt64
        var chain: String?
        var createdAt: String
        var program: String
        var kinds: [String]?
        var files: [String: File]

        private enum CodingKeys: String, CodingKey {
            case format, inventory, sequence, chain, program, kinds, files
            case createdAt = "created_at"
        }
    }

    /// What a manifest of any format has.
    private struct Writer: Decodable {
        var format: Int
        var program: String?
    }

    /// Reads a manifest, and makes sure that its numbers are possible and that the kinds that it lists have their files.
    package init(json: Data) throws(SnapshotError) {
        let written: Written
        do {
            let writer = try JSONDecoder().decode(Writer.self, from: json)
            guard (DiskFormat.first...DiskFormat.current).contains(writer.format) else {
                throw SnapshotError.otherVersion("has format \(writer.format); \(DiskFormat.known)", writer.program)
            }
            written = try JSONDecoder().decode(Written.self, from: json)
        } catch let error as SnapshotError {
            throw error
        } catch {
            throw .unreadable("\(Snapshot.manifestName): \(error.systemReason)")
        }
        format = written.format
        sequence = written.sequence
        createdAt = written.createdAt
        program = written.program
        files = written.files
        kinds = Self.firstKinds
        if format > DiskFormat.first {
            guard let id = written.inventory.flatMap(UUID.init(spelling:)),
                let hash = written.chain.flatMap(ChainHash.init), let names = written.kinds
            else { throw .damaged("\(Snapshot.manifestName) lacks what a manifest has") }
            inventory = id
            chain = hash
            kinds = try names.map { name throws(SnapshotError) in
                guard let kind = Kind(name: name) else {
                    throw .otherVersion("has resources of a kind that this version does not know, \(name)", program)
                }
                return kind
            }
        }
        try check()
    }

    /// The file's contents.
    package var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let written = Written(
                format: format,
                inventory: inventory?.lowercased,
                sequence: sequence,
                chain: chain?.description,
                createdAt: createdAt,
                program: program,
                kinds: kinds.map(\.name),
                files: files
            )
            return try encoder.encode(written) + Data("\n".utf8)
        }
    }

    /// The highest numbers that a manifest can have: far above what there can be, and safe to add to.
    private static let maximum = 1 << 53

    private func check() throws(SnapshotError) {
        guard sequence <= Self.maximum,
            files.values.allSatisfy({
                (0...Self.maximum).contains($0.size) && (0...Self.maximum).contains($0.rows ?? 0)
            }),
            files.count <= 1000
        else { throw .damaged("\(Snapshot.manifestName) has numbers that cannot be") }
        // A manifest may come from elsewhere, and files are written by its names.
        for name in files.keys where name.isEmpty || name.hasPrefix(".") || name.contains("/") {
            throw .damaged("\(Snapshot.manifestName) lists a file of the name \(name.debugDescription)")
        }
        for kind in kinds where files[Snapshot.fileName(of: kind)]?.rows == nil {
            throw .damaged("\(Snapshot.manifestName) does not list \(Snapshot.fileName(of: kind))")
        }
        let known = Set(kinds.flatMap { [Snapshot.fileName(of: $0), Snapshot.secretsFileName(of: $0)] })
        for name in files.keys.sorted() where name.hasSuffix(Snapshot.parquetSuffix) && !known.contains(name) {
            throw .damaged("\(Snapshot.manifestName) lists \(name), which is of no kind that it has")
        }
    }
}
