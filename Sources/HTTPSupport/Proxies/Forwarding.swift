import HTTPTypes

/// What trusted proxies say of a request that they pass on: whose it is, and what its client calls the server.
///
/// Both `Forwarded` (RFC 7239) and the older `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix` are read. Each proxy adds what it
/// has seen at the end, so the last word is that of the peer; those before it count as far back as they are of trusted proxies.
final class Forwarding: Sendable {
    /// The client's address, or what a proxy says instead of it.
    let address: String
    /// The same as ``HostAddress/network``.
    let network: String
    /// The scheme and the host that the client has used; nil where no proxy says them.
    let scheme: String?
    let host: String?
    /// What the path that the client has used begins with before that of the server: empty, or `/` with a name.
    let prefix: String

    /// How many bytes of what a proxy says instead of an address are kept.
    private static let maximumNameLength = 64

    init(by peer: HostAddress, _ headers: HTTPFields, trusting proxies: TrustedProxies) {
        let standard = headers[.forwarded].map { ForwardedElement.list($0) }
        let older = headers[.xForwardedFor].map { text in
            text.split(separator: ",").map { ForwardedElement(node: String($0.trimmingSpaces)) }
        }
        let said = [standard, older].compactMap(\.self).map { Self.client(of: $0, proxies) }
        // A proxy that sets one of them passes on what a client says in the other, so they have to agree.
        let agree = said.allSatisfy { $0.node == said[0].node }
        let client = agree ? said.first : nil
        let node = client?.node
        address =
            node.map { $0.address?.description ?? String($0.text.prefix(Self.maximumNameLength)) } ?? peer.description
        network = node.map { $0.address?.network ?? String($0.text.prefix(Self.maximumNameLength)) } ?? peer.network
        guard agree else {
            (scheme, host, prefix) = (nil, nil, "")
            return
        }
        let distance = client?.distance ?? 0
        prefix = Self.prefix(headers[.xForwardedPrefix], distance)
        let element = standard.flatMap { $0.dropLast(distance).last }
        let isStandard = standard != nil
        let scheme = isStandard ? element?.scheme : Self.word(headers[.xForwardedProto], distance)
        let host = isStandard ? element?.host : Self.word(headers[.xForwardedHost], distance)
        self.scheme = scheme.map { $0.lowercased() }.flatMap { ["http", "https"].contains($0) ? $0 : nil }
        self.host = host.flatMap { !$0.isEmpty && $0.isHost ? $0 : nil }
    }

    /// What the address of something begins with that has a path on this server.
    var base: String {
        guard let host else { return prefix }
        // A reference without a scheme has that of what it stands in (RFC 3986, section 4.2).
        return "\(scheme.map { "\($0):" } ?? "")//\(host)\(prefix)"
    }

    /// The first element from the end that is not of a trusted proxy, or else the first of all.
    ///
    /// - Returns: Who that is; and how many elements stand behind it.
    private static func client(
        of elements: [ForwardedElement],
        _ proxies: TrustedProxies
    ) -> (node: ForwardedNode?, distance: Int) {
        var found: (node: ForwardedNode?, distance: Int) = (nil, 0)
        for (distance, element) in elements.reversed().enumerated() {
            guard let node = element.node else { break }
            found = (node, distance)
            guard let address = node.address, proxies.contain(address) else { break }
        }
        return found
    }

    /// The word of the proxy that the client has asked, of a list; there may be fewer than proxies.
    private static func word(_ list: String?, _ distance: Int) -> String? {
        guard let words = list?.split(separator: ","), !words.isEmpty else { return nil }
        return String(words[max(0, words.count - 1 - distance)].trimmingSpaces)
    }

    /// What all trusted proxies have taken from the path, the first one first.
    private static func prefix(_ list: String?, _ distance: Int) -> String {
        let words = list?.split(separator: ",").map { String($0.trimmingSpaces) } ?? []
        return words.suffix(distance + 1).map { word in
            var path = word[...]
            while path.last == "/" { path.removeLast() }
            // Whatever else a client may have got past the proxy leads nowhere.
            let isPath = path.first == "/" && !path.hasPrefix("//") && path.utf8.allSatisfy { $0.isInPath }
            return isPath ? String(path) : ""
        }
        .joined()
    }
}

extension UInt8 {
    /// RFC 3986, section 3.3, without what a link would be ambiguous with.
    fileprivate var isInPath: Bool {
        switch UnicodeScalar(self) {
        case "a"..."z", "A"..."Z", "0"..."9", "/", "-", ".", "_", "~", "%", ":", "@": true
        default: false
        }
    }
}
