import Schema
import Store

/// A value of a search comes to no more than it may; what it comes to is the same when it is written out; and hostlists stand
/// for the names that a plain reading of them has.
enum HostlistCheck {
    @Sendable static func check(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let room = SearchText.Room(names: 4096, patterns: 64, bytes: 1 << 16)
        guard let found = read(text, room) else { return }
        try Finding.unless(
            found.names.count <= room.names && found.patterns.count <= room.patterns
                && found.names.reduce(0) { $0 + $1.utf8.count } <= room.bytes,
            "\(found.names.count) names, \(found.patterns.count) patterns"
        )
        if !found.names.isEmpty {
            let again = read(found.names.map(escaped).joined(separator: ","), room)
            try Finding.unless(
                again?.names.map { Array($0.utf8) } == found.names.map { Array($0.utf8) } && again?.patterns == []
                    && again?.acceptsAbsence == false,
                "\(found.names) became \(again?.names ?? [])"
            )
        }
        guard !text.unicodeScalars.contains(where: { "\\*?".unicodeScalars.contains($0) }) else { return }
        let expected = names(in: text)
        try Finding.unless(found.names.elementsEqual(expected) { $0.utf8.elementsEqual($1.utf8) }, "\(found.names)")
    }

    private static func read(_ text: String, _ room: SearchText.Room) -> SearchText? {
        var (found, room) = (SearchText(), room)
        do throws(InvalidValue) {
            try found.add(text, &room)
        } catch {
            return nil
        }
        return found
    }

    /// A name as the value of a parameter that stands for nothing else.
    private static func escaped(_ name: String) -> String {
        if name == "null" { return "\\null" }
        var text = ""
        for character in name.unicodeScalars {
            if "\\,*?[]".unicodeScalars.contains(character) { text.unicodeScalars.append("\\") }
            text.unicodeScalars.append(character)
        }
        return text
    }

    /// The names that a good value without patterns and backslashes stands for.
    private static func names(in text: String) -> [String] {
        var names: [String] = []
        var beginnings = [""]
        var rest = text.unicodeScalars[...]
        var hasSets = false
        func end() {
            if hasSets || beginnings != ["null"] { names += beginnings }
            (beginnings, hasSets) = ([""], false)
        }
        while let character = rest.popFirst() {
            switch character {
            case ",": end()
            case "[":
                let numbers = rest.prefix { $0 != "]" }
                rest = rest[numbers.endIndex...].dropFirst()
                let set = String(numbers).split(separator: ",").flatMap(self.numbers)
                beginnings = beginnings.flatMap { beginning in set.map { beginning + $0 } }
                hasSets = true
            default:
                beginnings = beginnings.map { beginning in
                    var longer = beginning
                    longer.unicodeScalars.append(character)
                    return longer
                }
            }
        }
        end()
        return names
    }

    /// The numbers of a range such as `001-009/2`.
    private static func numbers(of range: Substring) -> [String] {
        let parts = range.split(separator: "/")
        let bounds = parts[0].split(separator: "-")
        guard let first = Int(bounds[0]), let last = Int(bounds[bounds.count - 1]) else { return [] }
        return stride(from: first, through: last, by: parts.count == 2 ? Int(parts[1]) ?? 1 : 1).map { number in
            let digits = String(number)
            return String(repeating: "0", count: max(0, bounds[0].count - digits.count)) + digits
        }
    }
}
