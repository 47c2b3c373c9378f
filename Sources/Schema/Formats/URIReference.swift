/// A URI or a relative reference, taken apart (RFC 3986, section 3).
struct URIReference {
    private var scheme: Substring?
    private var authority: Substring?
    private var path: Substring
    private var query: Substring?
    /// What follows the `#`, still percent-encoded; nil without one.
    private(set) var fragment: Substring?

    /// Takes a reference apart as appendix B of the RFC does; every text is one.
    init(_ text: String) {
        var rest = text[...]
        fragment = Self.cutTail(of: &rest, at: "#")
        query = Self.cutTail(of: &rest, at: "?")
        if let colon = rest.firstIndex(of: ":"), colon != rest.startIndex, !rest[..<colon].contains("/") {
            scheme = rest[..<colon]
            rest = rest[rest.index(after: colon)...]
        }
        if rest.hasPrefix("//") {
            let end = rest.dropFirst(2).firstIndex(of: "/") ?? rest.endIndex
            authority = rest[..<end].dropFirst(2)
            rest = rest[end...]
        }
        path = rest
    }

    /// The text without the fragment.
    var withoutFragment: String {
        (scheme.map { "\($0):" } ?? "") + (authority.map { "//\($0)" } ?? "") + path + (query.map { "?\($0)" } ?? "")
    }

    /// The reference as seen from a base (RFC 3986, section 5.2.2).
    func resolved(against base: URIReference) -> URIReference {
        var result = self
        guard scheme == nil else { return result }
        result.scheme = base.scheme
        guard authority == nil else { return result }
        result.authority = base.authority
        if path.isEmpty {
            result.path = base.path
            result.query = query ?? base.query
        } else if path.first != "/" {
            let folder = base.path.lastIndex(of: "/").map { base.path[...$0] } ?? (base.authority == nil ? "" : "/")
            result.path = folder + path
        }
        result.path = Self.withoutDotSegments(result.path)
        return result
    }

    private static func cutTail(of text: inout Substring, at mark: Character) -> Substring? {
        guard let position = text.firstIndex(of: mark) else { return nil }
        defer { text = text[..<position] }
        return text[text.index(after: position)...]
    }

    /// RFC 3986, section 5.2.4.
    private static func withoutDotSegments(_ path: Substring) -> Substring {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        var result: [Substring] = []
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".": if isLast { result.append("") }
            case "..":
                if result.count > 1 || (result.first?.isEmpty == false) { result.removeLast() }
                if isLast { result.append("") }
            default: result.append(segment)
            }
        }
        return result.joined(separator: "/")[...]
    }
}
