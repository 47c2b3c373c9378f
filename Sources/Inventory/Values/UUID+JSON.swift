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
        [UInt8](unsafeUninitializedCapacity: 38) { text, count in
            text[0] = UInt8(ascii: "\"")
            spell(into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(text)[1..<37]))
            text[37] = UInt8(ascii: "\"")
            count = 38
        }
    }

    /// - Parameter text: 36 bytes.
    private func spell(into text: UnsafeMutableRawBufferPointer) {
        var position = 0
        withUnsafeBytes(of: uuid) { bytes in
            for (index, byte) in bytes.enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    text[position] = UInt8(ascii: "-")
                    position += 1
                }
                text[position] = byte.upperHexDigit
                text[position + 1] = byte.lowerHexDigit
                position += 2
            }
        }
    }
}
