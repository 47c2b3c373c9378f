package import Foundation
package import Schema

extension UUID: StringValue {
    package init(_ text: String) throws(InvalidValue) {
        guard let uuid = UUID(spelling: text) else {
            throw InvalidValue("is not a UUID such as 0198c0de-0000-7000-8000-000000000001")
        }
        self = uuid
    }

    /// Reads the 36 characters of RFC 9562, section 4, in any case; nil for anything else.
    ///
    /// Foundation's `UUID(uuidString:)` takes spaces for digits.
    package init?(spelling text: String) {
        var text = text
        guard let uuid = text.withUTF8({ UUID(spelling: $0) }) else { return nil }
        self = uuid
    }

    /// As ``init(spelling:)``, of UTF-8.
    package init?(spelling text: UnsafeBufferPointer<UInt8>) {
        guard text.count == 36 else { return nil }
        var uuid: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let isRead = withUnsafeMutableBytes(of: &uuid) { bytes in
            var position = 0
            for index in 0..<16 {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    guard text[position] == UInt8(ascii: "-") else { return false }
                    position += 1
                }
                guard let high = text[position].hexDigit, let low = text[position + 1].hexDigit else { return false }
                bytes[index] = high << 4 | low
                position += 2
            }
            return true
        }
        guard isRead else { return nil }
        self.init(uuid: uuid)
    }

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count == 36 else { return false }
        for index in 0..<36 {
            let isDash = index == 8 || index == 13 || index == 18 || index == 23
            guard isDash ? text[index] == UInt8(ascii: "-") : text[index].isLowerHexDigit else { return false }
        }
        return true
    }

    package static var stringSchema: JSONSchema { JSONSchema(type: .string, format: .uuid) }

    package func write(to writer: inout JSONWriter) {
        withUnsafeTemporaryAllocation(byteCount: 36, alignment: 1) { text in
            spell(into: text)
            writer.string(utf8: UnsafeRawBufferPointer(text))
        }
    }

    /// The identifier as the inventory writes it: 36 characters, lower case.
    package var lowercased: String {
        String(unsafeUninitializedCapacity: 36) { text in
            spell(into: UnsafeMutableRawBufferPointer(text))
            return 36
        }
    }

    /// ``lowercased`` as a JSON string.
    package var json: [UInt8] {
        var bytes: [UInt8] = []
        appendJSON(to: &bytes)
        return bytes
    }

    /// Appends ``lowercased`` as a JSON string.
    package func appendJSON(to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(byteCount: 38, alignment: 1) { text in
            text[0] = UInt8(ascii: "\"")
            spell(into: UnsafeMutableRawBufferPointer(rebasing: text[1..<37]))
            text[37] = UInt8(ascii: "\"")
            bytes.append(contentsOf: UnsafeRawBufferPointer(text))
        }
    }

    /// - Parameter text: 36 bytes.
    private func spell(into text: UnsafeMutableRawBufferPointer) {
        withUnsafeBytes(of: uuid) { bytes in
            func digits(_ index: Int) -> UInt64 {
                UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)).hexDigits
            }
            let (second, third) = (digits(1), digits(2))
            text.storeBytes(of: digits(0).bigEndian, as: UInt64.self)
            text.storeBytes(of: UInt32(second >> 32).bigEndian, toByteOffset: 9, as: UInt32.self)
            text.storeBytes(of: UInt32(truncatingIfNeeded: second).bigEndian, toByteOffset: 14, as: UInt32.self)
            text.storeBytes(of: UInt32(third >> 32).bigEndian, toByteOffset: 19, as: UInt32.self)
            text.storeBytes(of: UInt32(truncatingIfNeeded: third).bigEndian, toByteOffset: 24, as: UInt32.self)
            text.storeBytes(of: digits(3).bigEndian, toByteOffset: 28, as: UInt64.self)
            for dash in [8, 13, 18, 23] { text[dash] = UInt8(ascii: "-") }
        }
    }
}

extension UInt32 {
    /// The eight hexadecimal digits of the number, lower case, the first in the highest byte.
    fileprivate var hexDigits: UInt64 {
        // A digit goes into each byte by taking halves apart: of 32, of 16 and of 8 bits.
        var digits = UInt64(self)
        digits = (digits << 16 | digits) & 0x0000_FFFF_0000_FFFF
        digits = (digits << 8 | digits) & 0x00FF_00FF_00FF_00FF
        digits = (digits << 4 | digits) & 0x0F0F_0F0F_0F0F_0F0F
        let areLetters = (digits + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return digits + 0x3030_3030_3030_3030 + areLetters * 39
    }
}
