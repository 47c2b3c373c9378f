/// The addresses that begin with the same bits: `10.0.0.0/8`, or a single one.
package struct AddressRange: Sendable, Hashable {
    private let first: UInt128
    private let mask: UInt128

    /// Reads an address, or one with the number of bits that count (RFC 4632, section 3.1; RFC 4291, section 2.3); nil for
    /// anything else. The bits that do not count may be any.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = HostAddress(String(parts[0])) else { return nil }
        let bitCount = address.isIPv4 ? 32 : 128
        var length = bitCount
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let given = Int(parts[1]),
                given <= bitCount
            else { return nil }
            length = given
        }
        // Shifted by all of its bits, a number is 0.
        mask = UInt128.max << UInt128(bitCount - length)
        first = address.bits & mask
    }

    func contains(_ address: HostAddress) -> Bool { address.bits & mask == first }
}
