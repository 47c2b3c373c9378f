extension String {
    /// The CRC32C of the text, worked out bit by bit.
    var crc32c: UInt32 {
        var checksum = UInt32.max
        for byte in utf8 {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return ~checksum
    }

    /// The text of a line of the journal with a checksum that holds.
    var sealed: String {
        let digits = String(crc32c, radix: 16)
        return self + #","crc":""# + String(repeating: "0", count: 8 - digits.count) + digits + "\"}"
    }

    /// The text of a line of the journal without its checksum, as ``sealed`` takes it.
    var unsealed: String {
        String(dropLast(#","crc":"00000000"}"#.count))
    }
}
