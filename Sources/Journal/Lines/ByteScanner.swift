import Foundation
import Inventory
import Records
import Schema

/// Reads JSON that this program wrote, in the order in which it wrote it, without making values of it.
struct ByteScanner {
    let bytes: UnsafeRawBufferPointer
    /// Bytes that have been read.
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    private var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[position...]) }

    /// Passes over a text if it comes next.
    mutating func skip(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard bytes.count - position >= length, let start = bytes.baseAddress,
            memcmp(start + position, text.utf8Start, length) == 0
        else { return false }
        position += length
        return true
    }

    /// Passes over a text that must come next.
    mutating func expect(_ text: StaticString) throws(JournalDamage) {
        guard skip(text) else { throw JournalDamage("\(text) is missing at byte \(position + 1)") }
    }

    /// Goes on at a position, counted from the beginning.
    mutating func jump(to position: Int) throws(JournalDamage) {
        guard (0...bytes.count).contains(position) else { throw JournalDamage("it ends before byte \(position)") }
        self.position = position
    }

    func hasSuffix(_ text: StaticString) -> Bool {
        let expected = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        return bytes.suffix(expected.count).elementsEqual(expected)
    }

    /// A number without sign and fraction.
    mutating func number() throws(JournalDamage) -> UInt64 {
        var value: UInt64 = 0
        let start = position
        while position < bytes.count, let digit = UInt64(decimalDigit: bytes[position]) {
            // 2^53 is above every number that the journal can have, and safe to go on from.
            guard value < 1 << 53 else { throw JournalDamage("it has a number that cannot be") }
            value = value * 10 + digit
            position += 1
        }
        guard position > start else { throw JournalDamage("a number is missing at byte \(position + 1)") }
        return value
    }

    /// A string in which nothing is escaped.
    mutating func plainString() throws(JournalDamage) -> String {
        try expect("\"")
        guard let length = rest.firstIndex(of: UInt8(ascii: "\"")) else { throw JournalDamage("a string has no end") }
        defer { position += length + 1 }
        return String(decoding: rest.prefix(length), as: UTF8.self)
    }

    /// A time.
    mutating func time() throws(JournalDamage) -> Timestamp {
        let text = try plainString()
        do throws(InvalidValue) {
            return try Timestamp(text)
        } catch {
            throw JournalDamage("its time \(error.message)")
        }
    }

    /// The hash of a chain.
    mutating func chainHash() throws(JournalDamage) -> ChainHash {
        try expect("\"")
        let digits = UnsafeRawBufferPointer(rebasing: rest.prefix(ChainHash.digitCount))
        guard let hash = ChainHash(digits: digits) else { throw JournalDamage("it has no hash") }
        position += digits.count
        try expect("\"")
        return hash
    }

    /// Any string.
    mutating func string() throws(JournalDamage) -> String {
        let start = position
        try expect("\"")
        try skipString()
        let text = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
        do {
            guard case .string(let value) = try JSONValue(parsing: text) else { throw JournalDamage("no string") }
            return value
        } catch {
            throw JournalDamage("a string cannot be read: \(error)")
        }
    }

    /// The bytes of an object.
    mutating func object() throws(JournalDamage) -> [UInt8] {
        let start = position
        guard position < bytes.count, bytes[position] == UInt8(ascii: "{") else {
            throw JournalDamage("an object is missing at byte \(position + 1)")
        }
        guard let end = bytes.endOfObject(from: start) else { throw JournalDamage("an object has no end") }
        position = end
        return Array(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
    }

    /// Passes over the rest of a string, and the quote at its end.
    private mutating func skipString() throws(JournalDamage) {
        while position < bytes.count {
            let byte = bytes[position]
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
        throw JournalDamage("a string has no end")
    }
}

extension UInt64 {
    fileprivate init?(decimalDigit byte: UInt8) {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        self = UInt64(byte - UInt8(ascii: "0"))
    }
}
