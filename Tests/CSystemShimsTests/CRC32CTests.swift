import CSystemShims
import Testing

struct CRC32CTests {
    typealias Function = @Sendable (UInt32, UnsafeRawPointer?, Int) -> UInt32

    static let functions: [Function] = [{ no_crc32c($0, $1, $2) }, { no_crc32c_portable($0, $1, $2) }]

    /// From RFC 3720, appendix B.4, and the catalogue of CRC algorithms.
    static let vectors: [(bytes: [UInt8], crc: UInt32)] = [
        ([], 0),
        (Array("123456789".utf8), 0xe306_9283),
        (Array(repeating: 0x00, count: 32), 0x8a91_36aa),
        (Array(repeating: 0xff, count: 32), 0x62a8_ab43),
        (Array(0..<32), 0x46dd_794e),
        (Array((0..<32).reversed()), 0x113f_db5c),
    ]

    @Test("Known bytes have their known checksum", arguments: functions.indices, vectors)
    func knownBytes(function: Int, vector: (bytes: [UInt8], crc: UInt32)) {
        #expect(Self.functions[function](0, vector.bytes, vector.bytes.count) == vector.crc)
    }

    @Test("Instructions and table agree at every length, alignment and split")
    func instructionsTable() {
        let bytes = (0..<64).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }
        bytes.withUnsafeBytes { bytes in
            for start in 0..<9 {
                for end in start...bytes.count {
                    let part = bytes[start..<end]
                    let address = UnsafeRawBufferPointer(rebasing: part).baseAddress
                    let whole = no_crc32c_portable(0, address, part.count)
                    let split = part.count / 3
                    let first = no_crc32c(0, address, split)
                    #expect(no_crc32c(0, address, part.count) == whole)
                    #expect(no_crc32c(first, address.map { $0 + split }, part.count - split) == whole)
                }
            }
        }
    }
}
