import Foundation

extension UnsafeBufferPointer<UInt8> {
    /// Whether both are the same bytes; their number must be.
    func hasSameBytes(as other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = baseAddress, let otherFirst = other.baseAddress else { return isEmpty }
        return memcmp(first, otherFirst, count) == 0
    }

    /// Where the next quote, backslash, control character or byte beyond ASCII is, or the end; eight bytes are looked
    /// at at a time.
    package func endOfPlainASCII(from start: Int) -> Int {
        var index = start
        let bytes = UnsafeRawBufferPointer(self)
        while index + 8 <= count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let quotes = word ^ (Self.each * UInt64(UInt8(ascii: "\"")))
            let backslashes = word ^ (Self.each * UInt64(UInt8(ascii: "\\")))
            // The highest bit of a byte is set in it, or becomes set by going below zero. That may set those of bytes
            // behind it too, which does not matter.
            let found = word | (word &- Self.each * 0x20) | (quotes &- Self.each) | (backslashes &- Self.each)
            let highest = found & (Self.each * 0x80)
            if highest != 0 { return index + highest.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < count {
            let byte = self[index]
            if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            index += 1
        }
        return index
    }

    /// The end of the object or array that begins at a place of text that is JSON; nil where it has none.
    func endOfContainer(from start: Int) -> Int? {
        var index = start
        var depth = 0
        repeat {
            guard index < count else { return nil }
            let byte = self[index]
            index += 1
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                while true {
                    index = endOfPlainASCII(from: index)
                    guard index < count else { return nil }
                    if self[index] == UInt8(ascii: "\"") { break }
                    index += self[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                index += 1
            default: break
            }
        } while depth > 0
        return index
    }

    private static var each: UInt64 { 0x0101_0101_0101_0101 }
}

extension UnsafeRawBufferPointer {
    /// The end of the object that begins at a place of text that is JSON; nil where it has none.
    package func endOfObject(from start: Int) -> Int? {
        bindMemory(to: UInt8.self).endOfContainer(from: start)
    }
}
