import Schema

/// A pattern for hardware addresses, in whatever spelling it is written.
enum HardwareAddressPattern {
    /// How many digits an address has: one of Ethernet, and a port's and a link's of InfiniBand. All are even, so that a byte begins
    /// at an even digit from either end.
    private static let addressDigits = [12, 16, 40]

    /// How many patterns one may come to: twice as many, each with three digits, a colon and a `*` for each time that they have
    /// doubled, are more than 16 KiB.
    private static let maximumPatterns = 256

    fileprivate enum Piece: Equatable {
        case digit(UInt8)
        /// Any character.
        case any
        case separator(UInt8)
        /// What no address has.
        case foreign
    }

    /// The patterns for normal spellings that a pattern comes to.
    ///
    /// Between two `*` it is not known where a byte begins, so digits without separators there come to two patterns.
    ///
    /// - Returns: Nil for so many that they are longer than a search may have them.
    static func normalSpellings(of pattern: SearchText.Pattern) -> [SearchText.Pattern]? {
        let lowercase = pattern.mapTexts { $0.lowercased() }
        let stretches = lowercase.split(separator: .anyRun, omittingEmptySubsequences: false).map(pieces)
        guard !stretches.joined().contains(.foreign),
            stretches.joined().count(where: \.isDigit) <= addressDigits[2]
        else { return [lowercase] }
        var patterns: [SearchText.Pattern] = [[]]
        for (index, stretch) in stretches.enumerated() {
            let forms = normalForms(of: stretch, isFirst: index == 0, isLast: index == stretches.count - 1)
            guard patterns.count * forms.count <= maximumPatterns else { return nil }
            patterns = patterns.flatMap { before in forms.map { index == 0 ? $0 : before + [.anyRun] + $0 } }
        }
        return patterns
    }

    private static func pieces(_ stretch: some Sequence<SearchText.Piece>) -> [Piece] {
        stretch.flatMap { piece -> [Piece] in
            guard case .text(let text) = piece else { return [.any] }
            return text.utf8.map { byte in
                switch byte {
                case UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "."): .separator(byte)
                case _ where byte.isLowerHexDigit: .digit(byte)
                default: .foreign
                }
            }
        }
    }

    private static func normalForms(of stretch: [Piece], isFirst: Bool, isLast: Bool) -> [SearchText.Pattern] {
        let groups = stretch.split(omittingEmptySubsequences: false, whereSeparator: \.isSeparator)
        // No two bytes of a normal spelling stand together.
        let isSpelledOtherwise =
            stretch.contains(.separator(UInt8(ascii: ".")))
            || groups.contains { $0.split(separator: .any).contains { $0.count > 2 } }
        guard isSpelledOtherwise else { return [normal(groups, isFirst: isFirst, isLast: isLast)] }
        let digits = groups.flatMap(\.self)
        guard !isFirst || !isLast || addressDigits.contains(digits.count) else { return [stretch.map(\.piece)] }
        let offsets = isFirst ? [0] : isLast ? [digits.count & 1] : [0, 1]
        return offsets.map { offset in
            digits.enumerated().flatMap { index, digit -> SearchText.Pattern in
                index > 0 && (index + offset) % 2 == 0 ? [.text(":"), digit.piece] : [digit.piece]
            }
        }
    }

    /// Groups with colons between them; one that is known to be whole gets the zero that it lacks.
    private static func normal(_ groups: [ArraySlice<Piece>], isFirst: Bool, isLast: Bool) -> SearchText.Pattern {
        var pattern: SearchText.Pattern = []
        for (index, group) in groups.enumerated() {
            if index > 0 { pattern.append(.text(":")) }
            let isWhole = groups.count > 1 && (isFirst || index > 0) && (isLast || index < groups.count - 1)
            if isWhole, group.count == 1 { pattern.append(.text("0")) }
            pattern += group.map(\.piece)
        }
        return pattern
    }
}

extension HardwareAddressPattern.Piece {
    fileprivate var isDigit: Bool {
        if case .digit = self { true } else { false }
    }

    fileprivate var isSeparator: Bool {
        if case .separator = self { true } else { false }
    }

    fileprivate var piece: SearchText.Piece {
        switch self {
        case .digit(let byte), .separator(let byte): .text(String(UnicodeScalar(byte)))
        case .any: .anyCharacter
        case .foreign: preconditionFailure("a pattern with what no address has stays as it is")
        }
    }
}
