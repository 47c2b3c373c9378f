/// The spellings of hardware addresses, of which operating systems and the vendors of switches have several.
package enum HardwareAddress {
    /// Reads an address of 48 bits (EUI-48 of IEEE 802) in any usual spelling, its digits in any case:
    ///
    /// - `02:00:5e:10:00:01` and `02-00-5E-10-00-01`, also without the zero that a group begins with, `2:0:5e:10:0:1`, as Solaris
    ///   and macOS have it;
    /// - `0200.5e10.0001`, `0200-5e10-0001` and `0200:5e10:0001`;
    /// - `02005e-100001`;
    /// - `02005e100001`.
    ///
    /// - Returns: The address as a number; nil for anything else.
    package static func eui48(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? {
        guard (11...17).contains(text.count) else { return nil }
        let separator = text.first { $0.hexDigit == nil }
        let groups = 1 + text.count { $0 == separator }
        let digits: ClosedRange<Int>
        switch (groups, separator) {
        case (1, _): digits = 12...12
        case (2, UInt8(ascii: "-")): digits = 6...6
        case (3, UInt8(ascii: ".")), (3, UInt8(ascii: "-")), (3, UInt8(ascii: ":")): digits = 4...4
        case (6, UInt8(ascii: ":")), (6, UInt8(ascii: "-")): digits = 1...2
        default: return nil
        }
        var (bits, group, count): (UInt64, UInt64, Int) = (0, 0, 0)
        for byte in text {
            if let digit = byte.hexDigit {
                group = group << 4 | UInt64(digit)
                count += 1
                guard count <= digits.upperBound else { return nil }
            } else {
                guard byte == separator, digits.contains(count) else { return nil }
                bits = bits << (48 / groups) | group
                (group, count) = (0, 0)
            }
        }
        guard digits.contains(count) else { return nil }
        return bits << (48 / groups % 48) | group
    }
}
