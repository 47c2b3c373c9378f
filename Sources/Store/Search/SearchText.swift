import Inventory
package import Schema

/// The value of a parameter of a search, taken apart: alternatives, of which any will do.
///
/// `,` separates them, `*` and `?` match within a string, `[…]` is a set of numbers as in a hostlist, `null` is the
/// absence of a value, and a backslash takes the meaning from the character after it.
package struct SearchText {
    /// Whether a value that is absent will do.
    package private(set) var acceptsAbsence = false
    /// The values themselves.
    package private(set) var names: [String] = []
    /// What values may be like.
    package private(set) var patterns: [Pattern] = []
    /// An operator of ClusterShell's node sets, or the sign of one of its groups, as far as any stands there without a backslash.
    private(set) var setOperator: Unicode.Scalar?
    /// Whether there is a set of numbers in brackets.
    private(set) var hasNumberSets = false

    /// Text in which runs of characters and single ones are left open.
    package typealias Pattern = [Piece]

    /// A piece of such text.
    package enum Piece: Hashable {
        /// Characters that stand for themselves.
        case text(String)
        /// Any characters, or none.
        case anyRun
        /// Any one character.
        case anyCharacter
    }

    /// How many names and patterns a search may still come to, and how many bytes of them.
    package struct Room {
        /// Names.
        package var names: Int
        /// Patterns.
        package var patterns: Int
        /// Bytes of both.
        package var bytes: Int

        /// As much as any search may come to, unless something else is said.
        package init(names: Int = 1 << 18, patterns: Int = 256, bytes: Int = 8 << 20) {
            self.names = names
            self.patterns = patterns
            self.bytes = bytes
        }
    }

    /// Without any alternative.
    package init() {}

    /// - Parameter names: The values themselves, in which no character has a meaning of its own.
    init(names: [String], acceptsAbsence: Bool, _ room: inout Room) throws(InvalidValue) {
        guard names.count <= room.names else { throw InvalidValue("has too many values") }
        room.names -= names.count
        self.names = names
        self.acceptsAbsence = acceptsAbsence
    }

    /// Adds the alternatives of a value.
    package mutating func add(_ text: String, _ room: inout Room) throws(InvalidValue) {
        var alternative = Alternative()
        var rest = text.unicodeScalars[...]
        while let character = rest.popFirst() {
            switch character {
            case "\\":
                guard let escaped = rest.popFirst() else { throw InvalidValue("ends with a backslash") }
                alternative.append(escaped)
                alternative.isPlain = false
            case ",":
                try add(alternative, &room)
                alternative = Alternative()
            case "*": alternative.append(.anyRun)
            case "?": alternative.append(.anyCharacter)
            case "[":
                guard let end = rest.firstIndex(of: "]") else { throw InvalidValue("has a [ without its ]") }
                alternative.append(try NumberSet(rest[..<end]))
                rest = rest[end...].dropFirst()
                hasNumberSets = true
            case "]": throw InvalidValue("has a ] without its [")
            default:
                if Self.setOperators.contains(character) { setOperator = character }
                alternative.append(character)
            }
        }
        try add(alternative, &room)
    }

    /// Difference, intersection, symmetric difference and groups (ClusterShell, "Node sets and node groups").
    private static let setOperators: [Unicode.Scalar] = ["!", "&", "^", "@"]

    private mutating func add(_ alternative: Alternative, _ room: inout Room) throws(InvalidValue) {
        if alternative.isPlain, alternative.pieces == [.piece(.text("null"))] {
            acceptsAbsence = true
            return
        }
        let line = alternative.isPattern ? \Room.patterns : \Room.names
        let (count, overflow) = alternative.sets.reduce((1, false)) { product, set in
            let (count, overflow) = product.0.multipliedReportingOverflow(by: set.count)
            return (count, product.1 || overflow)
        }
        guard !overflow, count <= room[keyPath: line] else {
            throw InvalidValue(
                "makes more than \(Room()[keyPath: line]) \(alternative.isPattern ? "patterns" : "names") of the search"
            )
        }
        room[keyPath: line] -= count
        let (bytes, isTooLong) = count.multipliedReportingOverflow(by: alternative.maximumLength)
        guard !isTooLong, bytes <= room.bytes else {
            throw InvalidValue("makes more than \(Room().bytes >> 20) MiB of names of the search")
        }
        room.bytes -= bytes
        for pieces in alternative.expanded {
            if alternative.isPattern {
                patterns.append(pieces.merged)
            } else {
                names.append(pieces.reduce(into: "") { if case .text(let text) = $1 { $0 += text } })
            }
        }
    }
}

extension SearchText.Pattern {
    /// The pattern with neighbouring texts as one, and neighbouring runs, which stand behind single characters: `*?` is `?*`.
    var merged: Self {
        reduce(into: []) { pattern, piece in
            switch (pattern.last, piece) {
            case (.text(let before), .text(let text)): pattern[pattern.count - 1] = .text(before + text)
            case (.anyRun, .anyRun): break
            case (.anyRun, .anyCharacter): pattern.insert(piece, at: pattern.count - 1)
            default: pattern.append(piece)
            }
        }
    }

    /// The pattern with other texts.
    func mapTexts(_ transform: (String) -> String) -> Self {
        map { piece in
            if case .text(let text) = piece { .text(transform(text)) } else { piece }
        }
    }
}

/// One alternative while it is read.
private struct Alternative {
    enum Piece: Equatable {
        case piece(SearchText.Piece)
        /// One of ``sets``.
        case set(Int)
    }

    var pieces: [Piece] = []
    var sets: [NumberSet] = []
    /// Whether it has no backslash.
    var isPlain = true

    /// How long one of the texts that it stands for may be, in bytes.
    var maximumLength: Int {
        pieces.reduce(0) { length, piece in
            switch piece {
            case .piece(.text(let text)): length + text.utf8.count
            case .piece: length + 1
            case .set(let index): length + sets[index].maximumDigits
            }
        }
    }

    var isPattern: Bool { pieces.contains(.piece(.anyRun)) || pieces.contains(.piece(.anyCharacter)) }

    mutating func append(_ piece: SearchText.Piece) {
        pieces.append(.piece(piece))
    }

    mutating func append(_ character: Unicode.Scalar) {
        var text = ""
        if case .piece(.text(let before))? = pieces.last {
            text = before
            // Not kept twice, it is not copied to become longer.
            pieces.removeLast()
        }
        text.unicodeScalars.append(character)
        append(.text(text))
    }

    /// Appends a set; one of a single number is that number, so that each other one at least doubles what the alternative comes to,
    /// and there are few.
    mutating func append(_ set: NumberSet) {
        if set.count == 1 {
            for number in set.numbers { number.unicodeScalars.forEach { append($0) } }
        } else {
            sets.append(set)
            pieces.append(.set(sets.count - 1))
        }
    }

    /// What it stands for, with each combination of the sets' numbers.
    ///
    /// - Complexity: O(*n*), where *n* is the size of that.
    var expanded: [SearchText.Pattern] {
        pieces.reduce(into: [[]]) { beginnings, piece in
            switch piece {
            case .piece(let piece): for index in beginnings.indices { beginnings[index].append(piece) }
            case .set(let index):
                beginnings = beginnings.flatMap { beginning in sets[index].numbers.map { beginning + [.text($0)] } }
            }
        }
    }
}

/// The numbers between the brackets of a hostlist: `0001-0128,0200`, `0-20/5`.
private struct NumberSet {
    /// Every so many of the numbers from one to another.
    private struct Run {
        var first: Int
        var last: Int
        var step: Int
        /// How many digits each has at least.
        var digits: Int

        var count: Int { (last - first) / step + 1 }
    }

    private var ranges: [Run] = []

    private static let maximumDigits = 9

    init(_ text: Substring.UnicodeScalarView) throws(InvalidValue) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = part.split(separator: "/", omittingEmptySubsequences: false)
            let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            let step = parts.count == 1 ? "1" : String(parts[1])
            guard (1...2).contains(bounds.count), bounds.allSatisfy(Self.isNumber), parts.count <= 2,
                let first = Int(bounds[0]), let last = Int(bounds[bounds.count - 1]), first <= last,
                Self.isNumber(step), let step = Int(step), step > 0, bounds.count == 2 || parts.count == 1
            else {
                throw InvalidValue(
                    "has [\(Substring(text))], which is not a set of numbers of up to \(Self.maximumDigits) digits "
                        + "such as [0001-0128,0200] or [0-20/5]"
                )
            }
            ranges.append(Run(first: first, last: last, step: step, digits: bounds[0].utf8.count))
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        (1...maximumDigits).contains(text.utf8.count)
            && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    var count: Int { ranges.reduce(0) { $0 + $1.count } }

    /// How many digits one of the numbers may have.
    var maximumDigits: Int { ranges.reduce(0) { max($0, $1.digits, String($1.last).utf8.count) } }

    /// The numbers as they are written, with zeros before them as the first of their range has.
    var numbers: some Sequence<String> {
        ranges.lazy.flatMap { run in
            stride(from: run.first, through: run.last, by: run.step).lazy.map { String($0, minimumDigits: run.digits) }
        }
    }
}
