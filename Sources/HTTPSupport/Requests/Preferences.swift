import Hummingbird

/// What a client wants most, as `Accept` and `Accept-Encoding` say it: names with weights (RFC 9110, section 12.4.2).
package struct Preferences: Sendable {
    private let items: [Item]

    private struct Item {
        /// In lower case.
        let name: String
        /// From 0, not at all, to 1.
        let weight: Double
    }

    package init(_ text: String) {
        items = text.split(separator: ",").map { part in
            let parts = part.split(separator: ";", omittingEmptySubsequences: false)
                .map { $0.filter { !$0.isWhitespace }.lowercased() }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            return Item(name: parts[0], weight: (0...1).contains(weight) ? weight : 1)
        }
    }

    /// How much something is wanted that has one of several names; nil where nothing is said of it.
    func weight(ofAny names: [String]) -> Double? {
        items.first { names.contains($0.name) }?.weight
    }

    /// The best of some formats, of equal ones the one that is named first; nil where none is wanted.
    ///
    /// - Parameter types: The media types of a format, the first of which it has in answers.
    package func best<Format>(of formats: [Format], _ types: (Format) -> [String]) -> Format? {
        let ratings = formats.compactMap { format -> (format: Format, weight: Double, place: Int)? in
            guard let found = range(for: types(format)), found.weight > 0 else { return nil }
            return (format, found.weight, found.place)
        }
        return ratings.min { ($1.weight, $0.place) < ($0.weight, $1.place) }?.format
    }

    /// Whether something with these media types is not wanted, rather than not named.
    package func refuse(_ types: [String]) -> Bool { range(for: types)?.weight == 0 }

    /// What is said of media types most exactly (RFC 9110, section 12.5.1), and where.
    private func range(for types: [String]) -> (weight: Double, place: Int)? {
        let main = types[0].prefix { $0 != "/" }
        let found = items.enumerated().compactMap { place, item -> (precision: Int, weight: Double, place: Int)? in
            let precision =
                switch item.name {
                case _ where types.contains(item.name): 2
                case "\(main)/*": 1
                case "*/*": 0
                default: -1
                }
            return precision < 0 ? nil : (precision, item.weight, place)
        }
        return found.max { $0.precision < $1.precision }.map { ($0.weight, $0.place) }
    }
}

extension Request {
    /// Whether the client wants answers compressed by gzip rather than not (RFC 9110, section 12.5.3).
    package var acceptsGzip: Bool {
        guard let text = headers[.acceptEncoding] else { return false }
        let preferences = Preferences(text)
        let gzip = preferences.weight(ofAny: ["gzip", "x-gzip"]) ?? preferences.weight(ofAny: ["*"]) ?? 0
        return gzip > 0 && gzip >= preferences.weight(ofAny: ["identity"]) ?? 0
    }
}
