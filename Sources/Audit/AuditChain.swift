import Crypto
import Foundation
import Schema

/// What ties each line of an audit log to the one before, so that one that is changed, added or taken out shows.
///
/// A line ends with `,"hash":"…"}`: the SHA-256, as 64 lower-case hexadecimal digits, of the 64 digits of the line before and of
/// the line up to that comma. The first line of a file says in `continues` which digits it goes on from.
struct AuditChain {
    /// The hash of the last line.
    private(set) var last: String

    /// How many digits a hash has.
    private static let digitCount = 64
    private static let mark = #","hash":""#

    /// Goes on from a line.
    init(after hash: String) {
        last = hash
    }

    /// A chain that goes on from nothing.
    init() {
        var generator = SystemRandomNumberGenerator()
        last = (0..<Self.digitCount / 2).map { _ in UInt8.random(in: 0...255, using: &generator) }.hexadecimal
    }

    /// The next line, with its newline.
    mutating func line(_ members: JSONObject) -> [UInt8] {
        let content = Array(JSONValue.object(members).bytes.dropLast())
        last = Self.hash(last, content)
        return content + Array("\(Self.mark)\(last)\"}\n".utf8)
    }

    /// The members of a line that goes on from this.
    ///
    /// - Parameter line: Without its newline.
    /// - Returns: Nil for a line that does not.
    mutating func take(_ line: some Collection<UInt8>) -> JSONObject? {
        guard let (content, hash) = Self.parts(line), Self.hash(last, content) == hash else { return nil }
        last = hash
        return Self.members(of: line)
    }

    /// The members of the first line of a file, which says itself what it goes on from.
    mutating func begin(_ line: some Collection<UInt8>) -> JSONObject? {
        guard let before = Self.members(of: line)?["continues"]?.string else { return nil }
        last = before
        return take(line)
    }

    /// The hash that a line ends with; nil for what is no line of an audit log.
    static func hash(of line: some Collection<UInt8>) -> String? { parts(line)?.hash }

    private static func parts(_ line: some Collection<UInt8>) -> (content: [UInt8], hash: String)? {
        let line = Array(line)
        let start = line.count - mark.utf8.count - digitCount - 2
        guard start > 0, line[start...].starts(with: mark.utf8), line.hasSuffix(#""}"#) else { return nil }
        let hash = line[(start + mark.utf8.count)...].dropLast(2)
        return (Array(line[..<start]), String(decoding: hash, as: UTF8.self))
    }

    /// The members of a line, whatever it goes on from; nil for what is no object.
    static func members(of line: some Collection<UInt8>) -> JSONObject? {
        do {
            guard case .object(let members) = try JSONValue(parsing: line) else { return nil }
            return members
        } catch {
            // What is no JSON is no line of the log, which whoever reads it tells by its place.
            return nil
        }
    }

    private static func hash(_ before: String, _ content: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(data: Array(before.utf8))
        hash.update(data: content)
        return Array(hash.finalize()).hexadecimal
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
