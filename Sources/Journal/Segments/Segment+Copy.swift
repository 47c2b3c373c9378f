package import Foundation
package import Records

extension JournalFolder.Segment {
    /// How much is copied at once, in bytes.
    private static let pieceSize = 8 << 20

    /// Writes the segment to a new file as one of another inventory; of format 1, which does not say whose it is, as it is.
    ///
    /// - Throws: ``JournalDamage`` where the first line cannot be read.
    package func copy(to file: URL, of inventory: UUID, on disk: Disk) throws {
        var header = try header().get()
        let source = try FileHandle(forReadingFrom: path)
        let copy = try disk.newFile(file)
        let line = try Disk.read(path, count: JournalHeader.maximumSize).prefix { $0 != UInt8(ascii: "\n") }
        if header.inventory != nil {
            header.inventory = inventory
            try copy.write(header.line)
            try source.seek(toOffset: UInt64(line.count + 1))
        }
        while let piece = try source.read(upToCount: Self.pieceSize), !piece.isEmpty { try copy.write(Array(piece)) }
        try copy.sync()
    }
}
