/// What one proxy says of a request, an element of `Forwarded` (RFC 7239, section 4).
struct ForwardedElement {
    var node: ForwardedNode?
    var scheme: String?
    var host: String?

    init(node: String) {
        self.node = ForwardedNode(node)
    }

    /// Reads `for=192.0.2.60;proto=https;host="inventory.example"`; what is malformed is left out.
    private init(_ pairs: [(name: String, value: String)]) {
        for (name, value) in pairs {
            switch name.lowercased() {
            case "for": node = ForwardedNode(value)
            case "proto": scheme = value
            case "host": host = value
            default: break
            }
        }
    }

    /// The elements of a header, which are divided by commas, and their pairs by semicolons, but not within quotes.
    static func list(_ text: String) -> [ForwardedElement] {
        var elements: [[(name: String, value: String)]] = [[]]
        var name: String?
        var word = ""
        var isQuoted = false
        var isEscaped = false
        func end() {
            if let name { elements[elements.count - 1].append((name, word)) }
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
            case ",":
                end()
                elements.append([])
            case " ", "\t": break
            default: word.unicodeScalars.append(character)
            }
        }
        end()
        return elements.filter { !$0.isEmpty }.map { ForwardedElement($0) }
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
