import CSystemShims
import Records

/// The checksums and hashes of a segment's lines, which no changed line has by chance; written after `docs/formats/journal.md`.
enum SegmentSeals {
    private static let sealStart = Array(#","crc":""#.utf8)
    private static let sealSize = sealStart.count + 10
    private static let local = Array(#","synced":"#.utf8)
    private static let chainStart = Array(#""chain":""#.utf8)

    /// A segment with the checksums and hashes that its lines should have. What stands behind the last newline stays as it is.
    static func renewed(in segment: [UInt8]) -> [UInt8] {
        var lines = segment.split(separator: 0x0A, omittingEmptySubsequences: false)
        let rest = lines.removeLast()
        var hash: ChainHash?
        var renewed: [UInt8] = []
        for (index, line) in lines.enumerated() {
            var body = Array(line)
            if body.count > sealSize, body.suffix(sealSize).starts(with: sealStart) { body.removeLast(sealSize) }
            if let place = chain(in: body) {
                if index == 0 {
                    hash = ChainHash(String(decoding: body[place], as: UTF8.self))
                } else if let before = hash, let start = body.firstRange(of: local)?.lowerBound,
                    start < place.lowerBound
                {
                    let after = body.withUnsafeBytes { body in
                        before.followed(
                            by: .init(rebasing: body[..<start]),
                            .init(rebasing: body[(place.upperBound + 1)...])
                        )
                    }
                    body.replaceSubrange(place, with: after.description.utf8)
                    hash = after
                }
            }
            let checksum = body.withUnsafeBytes { no_crc32c(0, $0.baseAddress, $0.count) }
            let digits = String(checksum, radix: 16)
            renewed += body + sealStart + String(repeating: "0", count: 8 - digits.count).utf8 + digits.utf8
            renewed += Array("\"}\n".utf8)
        }
        return renewed + rest
    }

    /// Where a line has its hash.
    private static func chain(in line: [UInt8]) -> Range<Int>? {
        guard let start = line.firstRange(of: chainStart)?.upperBound, start + ChainHash.digitCount < line.count,
            line[start + ChainHash.digitCount] == UInt8(ascii: "\"")
        else { return nil }
        return start..<start + ChainHash.digitCount
    }
}
