package import Foundation
import Inventory
package import Records

/// What ought to be in the journal, recorded apart from it, so that what is missing is noticed.
///
/// The head is never ahead of stable storage: a journal that has less has lost something.
package struct JournalHead: Equatable, Sendable {
    /// The inventory that the data directory belongs to.
    package var inventory: UUID
    /// How often the head has been written: of two slots the higher one counts.
    package var stamp: UInt64
    /// The first number of the oldest segment that is kept; 0 before there is one.
    package var oldest: UInt64
    /// The first number of the newest segment; 0 before there is one.
    package var segment: UInt64
    /// The last transaction that is known to be on stable storage.
    package var tip: ChainPoint
    /// The program that wrote it.
    var program = Version.program

    /// Bytes of a slot.
    static let slotSize = 512
    /// From one slot to the other: a disk writes less than that whole or not at all.
    static let slotDistance = 4096
    /// Bytes of the file.
    static let fileSize = slotDistance + slotSize

    /// A file with the head in both slots.
    var file: [UInt8] {
        slot + repeatElement(UInt8(ascii: " "), count: Self.slotDistance - Self.slotSize) + slot
    }

    /// What stands in the file of a head.
    package enum Found: Equatable, Sendable {
        case absent
        case head(JournalHead)
        case damaged(String)
    }

    /// A slot: a line as the journal has them, and spaces.
    var slot: [UInt8] {
        var text = #"{"format":\#(DiskFormat.current),"stamp":\#(stamp),"inventory":"\#(inventory.lowercased)","#
        text += #""oldest":\#(oldest),"segment":\#(segment),"sequence":\#(tip.sequence),"chain":"\#(tip.hash)","#
        text += #""program":"\#(program)""#
        var bytes = Array(text.utf8)
        JournalLine.seal(&bytes, from: 0)
        precondition(bytes.count <= Self.slotSize, "a head fits into its slot")
        bytes.removeLast()
        bytes += repeatElement(UInt8(ascii: " "), count: Self.slotSize - 1 - bytes.count)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// Where in the file the slot of a head is.
    var offset: Int { Int(stamp % 2) * Self.slotDistance }

    /// Reads a slot.
    init(slot: UnsafeRawBufferPointer) throws(JournalDamage) {
        let isFilling: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        guard let end = slot.lastIndex(where: { !isFilling($0) }) else { throw JournalDamage("it is empty") }
        var scanner = ByteScanner(try JournalLine.unsealed(UnsafeRawBufferPointer(rebasing: slot[...end])))
        try scanner.expect(#"{"format":"#)
        let format = try scanner.number()
        guard format == DiskFormat.current else {
            throw .otherVersion("it has format \(format); \(DiskFormat.known)")
        }
        try scanner.expect(#","stamp":"#)
        stamp = try scanner.number()
        try scanner.expect(#","inventory":"#)
        guard let inventory = UUID(spelling: try scanner.plainString()) else {
            throw JournalDamage("it has no inventory")
        }
        self.inventory = inventory
        try scanner.expect(#","oldest":"#)
        oldest = try scanner.number()
        try scanner.expect(#","segment":"#)
        segment = try scanner.number()
        try scanner.expect(#","sequence":"#)
        let sequence = try scanner.number()
        try scanner.expect(#","chain":"#)
        tip = ChainPoint(sequence: sequence, hash: try scanner.chainHash())
        try scanner.expect(#","program":"#)
        program = try scanner.string()
    }

    package init(inventory: UUID, stamp: UInt64, oldest: UInt64, segment: UInt64, tip: ChainPoint) {
        self.inventory = inventory
        self.stamp = stamp
        self.oldest = oldest
        self.segment = segment
        self.tip = tip
    }

    /// What a file has.
    ///
    /// - Throws: ``JournalError/otherVersion(file:line:reason:program:)`` for that of another version.
    package static func found(in bytes: [UInt8], file: URL) throws(JournalError) -> Found {
        guard bytes.count == fileSize else { return .damaged("it has \(bytes.count) bytes, not \(fileSize)") }
        var newest: JournalHead?
        var reason = ""
        for start in [0, slotDistance] {
            do throws(JournalDamage) {
                // One of the two may be torn, by a crash while it was written.
                let head = try bytes[start..<start + slotSize].withUnsafeBytes { slot in
                    Result { () throws(JournalDamage) in try JournalHead(slot: slot) }
                }.get()
                if newest.map({ $0.stamp < head.stamp }) ?? true { newest = head }
            } catch {
                if error.isOfOtherVersion {
                    throw .otherVersion(file: file.path, line: nil, reason: error.description, program: error.program)
                }
                reason = error.description
            }
        }
        return newest.map(Found.head) ?? .damaged(reason)
    }
}

/// The file that a head is written to, open.
package final class HeadFile {
    private let path: URL
    private let file: DiskFile
    private var isSynced = true

    /// Writes a head to a new file, in place of the one that is there, and syncs it.
    package init(_ path: URL, _ head: JournalHead, on disk: Disk) throws(DiskError) {
        self.path = path
        try disk.replace(path, head.file)
        file = try disk.openFile(path)
    }

    /// Writes a head in place of the older of the two that are there.
    func write(_ head: JournalHead) throws(DiskError) {
        isSynced = false
        try file.write(head.slot, at: head.offset)
    }

    /// Returns once the last head is on stable storage.
    func sync() throws(DiskError) {
        guard !isSynced else { return }
        try file.sync()
        isSynced = true
    }

    /// Makes sure that the path still leads to the file.
    func checkPath() throws(DiskError) {
        try file.check(path)
    }
}
