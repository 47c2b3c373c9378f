package import Schema

/// A 48-bit hardware address, IEEE 802's EUI-48.
///
/// Read in any usual spelling, as ``HardwareAddress/eui48(_:)`` lists them; the normal spelling is lower case with colons.
package struct MACAddress: StringValue, Comparable {
    /// The address as a number below 2⁴⁸.
    package let bits: UInt64

    init(bits: UInt64) {
        self.bits = bits
    }

    package init(_ text: String) throws(InvalidValue) {
        var text = text
        guard let bits = text.withUTF8(HardwareAddress.eui48) else {
            throw InvalidValue("is not a MAC address such as 02:00:5e:10:00:01")
        }
        self.bits = bits
    }

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        number(text) != nil
    }

    package static func number(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? {
        guard text.count == 17 else { return nil }
        var bits: UInt64 = 0
        for index in stride(from: 0, to: 17, by: 3) {
            guard text[index].isLowerHexDigit, text[index + 1].isLowerHexDigit, let high = text[index].hexDigit,
                let low = text[index + 1].hexDigit, index == 15 || text[index + 2] == UInt8(ascii: ":")
            else { return nil }
            bits = bits << 8 | UInt64(high << 4 | low)
        }
        return NumberForm.macAddress.rawValue | bits
    }

    /// The address that a number stands for.
    init?(number: UInt64) {
        guard let bits = NumberForm.macAddress.content(of: number) else { return nil }
        self.bits = bits
    }

    /// Whether a number is that of an address which no single device has: all zeros, which stands for an unknown one, or a
    /// group address, whose first byte is odd (IEEE 802-2014, 8.2.2), such as ff:ff:ff:ff:ff:ff.
    static func identifiesNothing(_ number: UInt64) -> Bool {
        guard let bits = NumberForm.macAddress.content(of: number) else { return false }
        return bits == 0 || bits >> 40 & 1 == 1
    }

    package var description: String {
        String(unsafeUninitializedCapacity: 17) { text in
            for index in 0..<6 {
                let byte = UInt8(truncatingIfNeeded: bits >> (40 - 8 * index))
                text[3 * index] = byte.upperHexDigit
                text[3 * index + 1] = byte.lowerHexDigit
                if index < 5 { text[3 * index + 2] = UInt8(ascii: ":") }
            }
            return 17
        }
    }

    package static func < (left: MACAddress, right: MACAddress) -> Bool { left.bits < right.bits }

    package static var stringSchema: JSONSchema { JSONSchema(type: .string, format: .macAddress) }
}
