/// A place in a JSON document (RFC 6901).
package struct JSONPointer: Sendable, Hashable {
    /// The names of members and the numbers of elements on the way from the root, unescaped.
    package private(set) var tokens: [String]

    /// Creates a pointer of unescaped tokens; without any it points at the whole document.
    package init(_ tokens: [String] = []) {
        self.tokens = tokens
    }

    /// The place of a member of the object at this place.
    package func appending(_ key: String) -> JSONPointer {
        JSONPointer(tokens + [key])
    }

    /// The place of an element of the array at this place, counted from 0.
    package func appending(_ index: Int) -> JSONPointer {
        appending(String(index))
    }

    /// The place as seen from the object that has this document as a member.
    package func within(_ key: String) -> JSONPointer {
        JSONPointer([key] + tokens)
    }
}

extension JSONPointer: LosslessStringConvertible {
    /// Reads the string form; nil when it is neither empty nor begins with `/`, or when a `~` is not part of `~0` or
    /// `~1`.
    package init?(_ text: String) {
        tokens = []
        if text.isEmpty { return }
        guard text.utf8.first == UInt8(ascii: "/") else { return nil }
        for part in text.unicodeScalars.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let token = Self.unescape(part) else { return nil }
            tokens.append(token)
        }
    }

    /// The string form, in which `~0` stands for `~` and `~1` for `/`.
    package var description: String {
        var result = String.UnicodeScalarView()
        for token in tokens {
            result.append("/")
            for character in token.unicodeScalars {
                switch character {
                case "~": result.append(contentsOf: "~0".unicodeScalars)
                case "/": result.append(contentsOf: "~1".unicodeScalars)
                default: result.append(character)
                }
            }
        }
        return String(result)
    }

    private static func unescape(_ part: Substring.UnicodeScalarView) -> String? {
        var result = String.UnicodeScalarView()
        var isEscaped = false
        for character in part {
            switch (isEscaped, character) {
            case (true, "0"): result.append("~")
            case (true, "1"): result.append("/")
            case (true, _): return nil
            case (false, "~"): break
            default: result.append(character)
            }
            isEscaped = !isEscaped && character == "~"
        }
        return isEscaped ? nil : String(result)
    }
}
