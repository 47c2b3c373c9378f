import Crypto
import Foundation
import TestSupport
import Testing

/// The files of a data folder as texts that a test changes and puts into their form again, as `docs/formats/journal.md`
/// has it.
struct JournalText {
    let folder: URL

    init(_ home: TestFolder) {
        folder = home.folder
    }

    private static var chain: Regex<(Substring, Substring)> { /,"chain":"([0-9a-f]{32})"/ }
    private static var local: Regex<(Substring, Substring?)> { /,"synced":[0-9]+(,"chain":"[0-9a-f]{32}")?/ }

    /// Changes the lines of a segment, each without its checksum; hashes and checksums are worked out anew, those of the
    /// head too.
    func edit(_ segment: Int = 0, _ change: (inout [String]) -> Void) throws {
        let file = try segments(in: folder)[segment]
        var lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { String($0).unsealed }
        change(&lines)
        var hash = lines[0].firstMatch(of: Self.chain).map { String($0.1) }
        var hashes: [String: String] = [:]
        for index in lines.indices.dropFirst() {
            guard let before = hash, let local = lines[index].firstMatch(of: Self.local) else { continue }
            let content = lines[index].replacingCharacters(in: local.range, with: "")
            let block = try Self.bytes(of: before) + Self.bytes(of: content.utf8.count) + Self.bytes(of: content.crc32c)
            let after = SHA256.hash(data: block).prefix(16)
                .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            lines[index].replace(Self.chain, maxReplacements: 1) { _ in #","chain":"\#(after)""# }
            hash = after
            if let sequence = lines[index].firstMatch(of: /"seq":([0-9]+)/) { hashes[String(sequence.1)] = after }
        }
        try (lines.map(\.sealed).joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
        try editHead { head in
            guard let sequence = head.firstMatch(of: /"sequence":([0-9]+)/), let hash = hashes[String(sequence.1)]
            else {
                return
            }
            head.replace(Self.chain) { _ in #","chain":"\#(hash)""# }
        }
    }

    /// The bytes of a number, little-endian.
    private static func bytes(of number: some FixedWidthInteger) -> Data {
        withUnsafeBytes(of: number.littleEndian) { Data($0) }
    }

    private static func bytes(of digits: String) throws -> Data {
        var bytes = Data()
        var rest = Substring(digits)
        while !rest.isEmpty {
            bytes.append(try #require(UInt8(rest.prefix(2), radix: 16)))
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    /// Changes both slots of the head, each without its checksum.
    func editHead(_ change: (inout String) -> Void) throws {
        let file = folder.appending(path: "head")
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        let slots = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { slot in
            var text = slot.trimmingCharacters(in: .whitespaces).unsealed
            change(&text)
            return text.sealed.padding(toLength: 511, withPad: " ", startingAt: 0) + "\n"
        }
        try slots.joined(separator: String(repeating: " ", count: 4096 - 512)).write(
            to: file,
            atomically: true,
            encoding: .utf8
        )
    }

    /// Says in the head that the journal begins with the oldest segment that is there, as when older ones are pruned.
    func acceptOldest() throws {
        let first = try #require(Int(segments(in: folder)[0].lastPathComponent.prefix(20)))
        try editHead { $0.replace(/"oldest":[0-9]+/) { _ in #""oldest":\#(first)"# } }
    }
}
