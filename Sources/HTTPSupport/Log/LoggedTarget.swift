import HummingbirdCore

/// The target of a request as the log has it: the path, and of the query the names of its parameters.
///
/// A value can be a token or a password that was put into the query, so only those of parameters are there that are known to be
/// harmless. `…` stands for any other, for what has no name, and for what is longer than such a value is.
struct LoggedTarget: CustomStringConvertible {
    private let uri: URI
    private let harmless: Set<String>

    /// How many characters of a name or a value are shown, fewer than a token has.
    private static let maximumLength = 64

    /// - Parameter harmless: The parameters whose values are shown.
    init(_ uri: URI, harmless: Set<String>) {
        self.uri = uri
        self.harmless = harmless
    }

    /// What is before the query.
    static func path(of uri: URI) -> String { String(uri.path.prefix { $0 != "#" }) }

    // Made only where it is written: most requests may not be.
    var description: String {
        let path = Self.path(of: uri)
        guard let query = uri.query else { return path }
        let parameters = query.split(separator: "&", omittingEmptySubsequences: false)
            .map { Self.parameter($0, harmless: harmless) }
        return "\(path)?\(parameters.joined(separator: "&"))"
    }

    private static func parameter(_ text: Substring, harmless: Set<String>) -> String {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let isHarmless = harmless.contains(String(parts[0]))
        guard parts.count == 2 else { return text.isEmpty || isHarmless ? String(text) : "…" }
        let name = parts[0].utf8.count > maximumLength ? "\(parts[0].prefix(maximumLength))…" : String(parts[0])
        return "\(name)=\(isHarmless && isPlain(parts[1]) ? String(parts[1]) : "…")"
    }

    /// Whether a value is of those that numbers, times, names of fields and identifiers are.
    private static func isPlain(_ value: Substring) -> Bool {
        value.utf8.count <= maximumLength
            && value.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-._:,+%".utf8.contains(byte)
                }
            }
    }
}
