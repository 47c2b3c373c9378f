package import Schema

/// The hardware address of a network interface: a MAC address of 6 bytes, or of InfiniBand the GUID of a port, 8 bytes, or its
/// link-layer address, 20 bytes (RFC 4391, 9.1.1).
///
/// A MAC address is read in any usual spelling, the others with `:` or `-` between their bytes, with `:` between groups of two
/// bytes, or without anything; the normal spelling is lower case with colons between bytes.
package struct InterfaceAddress: StringValue {
    package let description: String

    package init(_ text: String) throws(InvalidValue) {
        var text = text
        if let mac = text.withUTF8(HardwareAddress.eui48) {
            description = MACAddress(bits: mac).description
        } else if let bytes = Self.infiniBand(text) {
            description = bytes.joined(separator: ":")
        } else {
            throw InvalidValue("is not a hardware address of 6, 8 or 20 bytes such as 02:00:5e:10:00:01")
        }
    }

    /// The bytes of an InfiniBand address, two digits each; nil for anything else.
    private static func infiniBand(_ text: String) -> [String]? {
        let separator = text.utf8.first { $0.hexDigit == nil }
        let groups = text.utf8.split(separator: separator ?? 0, omittingEmptySubsequences: false)
        let digits = groups.joined().map(\.self)
        guard separator.map({ ":-".utf8.contains($0) }) ?? true, digits.allSatisfy({ $0.hexDigit != nil }),
            digits.count == 16 || digits.count == 40,
            groups.count == 1 || groups.allSatisfy({ $0.count == 2 })
                || separator == UInt8(ascii: ":") && groups.allSatisfy({ $0.count == 4 })
        else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { index in
            String(decoding: digits[index..<index + 2], as: UTF8.self).lowercased()
        }
    }

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        if text.count == 17 { return MACAddress.isNormal(text) }
        guard text.count == 23 || text.count == 59 else { return false }
        return text.enumerated().allSatisfy { index, byte in
            index % 3 == 2 ? byte == UInt8(ascii: ":") : byte.isLowerHexDigit
        }
    }

    /// Whether an address of InfiniBand is that of nothing in particular: a port's GUID of zeros or ones alone, or a link's with a GID
    /// (its last 16 bytes) of zeros, or of a group, which begins with `ff` (RFC 4391, 4).
    ///
    /// - Parameter address: The address in its normal spelling.
    static func identifiesNothing(_ address: String) -> Bool {
        let bytes = address.split(separator: ":")
        switch bytes.count {
        case 8: return bytes.allSatisfy { $0 == "00" } || bytes.allSatisfy { $0 == "ff" }
        case 20: return bytes[4] == "ff" || bytes[4...].allSatisfy { $0 == "00" }
        default: return false
        }
    }

    package static func number(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? { MACAddress.number(text) }

    package static var stringSchema: JSONSchema {
        var infiniBand = JSONSchema(type: .string)
        let byte = "[0-9A-Fa-f]{2}"
        let forms = [7, 19].flatMap { count in
            [
                "\(byte)(:\(byte)){\(count)}", "\(byte)(-\(byte)){\(count)}",
                "\(byte)\(byte)(:\(byte)\(byte)){\(count / 2)}",
                "(\(byte)){\(count + 1)}",
            ]
        }
        infiniBand.pattern = "^(\(forms.joined(separator: "|")))$"
        var schema = JSONSchema(type: .string)
        schema.anyOf = [MACAddress.stringSchema, infiniBand]
        return schema
    }
}
