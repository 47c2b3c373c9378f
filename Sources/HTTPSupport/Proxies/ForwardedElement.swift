/// What one proxy says of a request, an element of `Forwarded` (RFC 7239, section 4).
struct ForwardedElement {
    var node: ForwardedNode?
    var scheme: String?
    var host: String?

    init(node: String) {
        self.node = ForwardedNode(node)
    }

    /// Reads `for=192.0.2.60;proto=https;host="inventory.example"`; what is malformed is left out. Nil where nothing is left.
    private init?(_ text: Substring) {
        let pairs = Self.pairs(text)
        guard !pairs.isEmpty else { return nil }
        for (name, value) in pairs {
            switch name.lowercased() {
            case "for": node = ForwardedNode(value)
            case "proto": scheme = value
            case "host": host = value
            default: break
            }
        }
    }

    /// The pairs of an element, which are divided by semicolons, but not within quotes.
    private static func pairs(_ text: Substring) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        var name: String?
        var word = ""
        var isQuoted = false
        var isEscaped = false
        func end() {
            if let name { pairs.append((name, word)) }
            (name, word) = (nil, "")
        }
        for character in text.unicodeScalars {
            switch character {
            case _ where isEscaped:
                word.unicodeScalars.append(character)
                isEscaped = false
            case "\\" where isQuoted: isEscaped = true
            case "\"": isQuoted.toggle()
            case _ where isQuoted: word.unicodeScalars.append(character)
            case "=" where name == nil: (name, word) = (word, "")
            case ";": end()
            case " ", "\t": break
            default: word.unicodeScalars.append(character)
            }
        }
        end()
        return pairs
    }

    /// The elements of a header, which are divided by commas, but not within quotes; the last one first, each read when it is
    /// asked for.
    ///
    /// - Returns: Nil where a quote has no end: what a client has begun so would swallow what the proxies behind it say.
    static func lastFirst(_ text: String) -> (some Sequence<ForwardedElement>)? {
        let bytes = text.utf8
        var commas: [String.Index] = []
        var isQuoted = false
        var isEscaped = false
        for index in bytes.indices {
            switch bytes[index] {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted: commas.append(index)
            default: break
            }
        }
        let elements = sequence(state: (rest: text[...], commas: commas, isDone: isQuoted)) { state -> Substring? in
            guard !state.isDone else { return nil }
            guard let comma = state.commas.popLast() else {
                state.isDone = true
                return state.rest
            }
            defer { state.rest = state.rest[..<comma] }
            return state.rest[bytes.index(after: comma)...]
        }
        return isQuoted ? nil : elements.lazy.compactMap { ForwardedElement($0) }
    }
}

/// Somebody whom a proxy has a request of (RFC 7239, section 6): an address, perhaps with a port, or a name that hides it.
struct ForwardedNode: Equatable {
    /// The address; nil where there is none in it.
    let address: HostAddress?
    let text: String

    /// Nil for what is no node.
    init?(_ text: String) {
        guard !text.isEmpty, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else { return nil }
        self.text = text
        if let address = HostAddress(text) {
            self.address = address
        } else if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            address = HostAddress(String(text[text.index(after: text.startIndex)..<end]))
        } else {
            address = HostAddress(String(text.prefix { $0 != ":" }))
        }
    }

    static func == (first: Self, second: Self) -> Bool {
        first.address != nil || second.address != nil ? first.address == second.address : first.text == second.text
    }
}

extension StringProtocol where SubSequence == Substring {
    /// The text without spaces and tabs around it.
    package var trimmingSpaces: Substring {
        var text = self[...]
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}

extension String {
    /// The words of a list, which are divided by commas, without the spaces around them and without empty ones; the last one first,
    /// each made when it is asked for.
    var wordsLastFirst: some Sequence<Substring> {
        sequence(state: self[...] as Substring?) { state -> Substring? in
            while let rest = state {
                let comma = rest.utf8.lastIndex(of: UInt8(ascii: ","))
                state = comma.map { rest[..<$0] }
                let word = (comma.map { rest[rest.utf8.index(after: $0)...] } ?? rest).trimmingSpaces
                if !word.isEmpty { return word }
            }
            return nil
        }
    }
}
