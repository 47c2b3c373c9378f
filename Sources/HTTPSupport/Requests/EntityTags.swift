/// The entity tags of a condition (RFC 9110, section 13.1).
package enum EntityTags: Sendable, Equatable {
    /// `*`: whatever there is.
    case any
    case tags([EntityTag])

    /// Reads the value of `If-Match` or `If-None-Match`; nil for what is no list of entity tags.
    package init?(_ text: String) {
        if text.trimmingSpaces == "*" {
            self = .any
            return
        }
        var tags: [EntityTag] = []
        var rest = text.utf8[...]
        while true {
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: ",") }
            if rest.isEmpty { break }
            let isWeak = rest.starts(with: "W/".utf8)
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.popFirst() == UInt8(ascii: "\""), let end = rest.firstIndex(of: UInt8(ascii: "\"")) else {
                return nil
            }
            tags.append(EntityTag(text: String(rest[..<end]) ?? "", isWeak: isWeak))
            rest = rest[rest.index(after: end)...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
        }
        guard !tags.isEmpty else { return nil }
        self = .tags(tags)
    }

    /// Whether one of them is a tag, by the weak comparison, which is that of `If-None-Match` (RFC 9110, section 8.8.3.2).
    ///
    /// - Parameter text: What stands between the tag's quotes.
    package func match(_ text: String) -> Bool {
        switch self {
        case .any: true
        case .tags(let tags): tags.contains { $0.text == text }
        }
    }

    /// Whether one of them is a tag that is not weak, by the strong comparison, which is that of `If-Match`.
    package func matchStrongly(_ text: String) -> Bool {
        switch self {
        case .any: true
        case .tags(let tags): tags.contains { $0.text == text && !$0.isWeak }
        }
    }
}

/// An entity tag (RFC 9110, section 8.8.3).
package struct EntityTag: Sendable, Equatable {
    /// What stands between the quotes.
    package let text: String
    package let isWeak: Bool
}
