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

    /// What is known of a request otherwise.
    init(address: String, network: String, scheme: String?, host: String?, prefix: String) {
        self.address = address
        self.network = network
        self.scheme = scheme
        self.host = host
        self.prefix = prefix
    }

    init(by peer: Peer, _ headers: HTTPFields, trusting proxies: TrustedProxies) {
        let standard = headers[.forwarded].map { ForwardedElement.lastFirst($0) }
        let isReadable = standard.map { $0 != nil } ?? true
        var said: [Client?] = []
        if let elements = standard.flatMap(\.self) { said.append(Self.client(of: elements, proxies)) }
        if let text = headers[.xForwardedFor] {
            let elements = text.wordsLastFirst.lazy.map { ForwardedElement(node: String($0)) }
            said.append(Self.client(of: elements, proxies))
        }
        // A proxy that sets one of them passes on what a client says in the other, so they have to agree.
        let agree = isReadable && said.allSatisfy { $0?.element.node == said[0]?.element.node }
        let client = agree ? said.first.flatMap(\.self) : nil
        let node = client?.element.node
        address =
            node.map { $0.address?.description ?? String($0.text.prefix(Self.maximumNameLength)) } ?? peer.description
        network = node.map { $0.address?.network ?? String($0.text.prefix(Self.maximumNameLength)) } ?? peer.network
        guard agree else {
            (scheme, host, prefix) = (nil, nil, "")
            return
        }
        let distance = client?.distance ?? 0
        prefix = Self.prefix(headers[.xForwardedPrefix], distance)
        let isStandard = standard != nil
        let scheme = isStandard ? client?.element.scheme : Self.word(headers[.xForwardedProto], distance)
        let host = isStandard ? client?.element.host : Self.word(headers[.xForwardedHost], distance)
        self.scheme = scheme.map { $0.lowercased() }.flatMap { ["http", "https"].contains($0) ? $0 : nil }
        self.host = host.flatMap { !$0.isEmpty && $0.isHost ? $0 : nil }
    }

    /// What the address of something begins with that has a path on this server.
    var base: String {
        guard let host else { return prefix }
        // A reference without a scheme has that of what it stands in (RFC 3986, section 4.2).
        return "\(scheme.map { "\($0):" } ?? "")//\(host)\(prefix)"
    }

    /// Who has asked the first trusted proxy, and how many elements stand behind what says it.
    private typealias Client = (element: ForwardedElement, distance: Int)

    /// The first element from the end that is not of a trusted proxy, or else the first of all.
    ///
    /// - Parameter elements: The last one first; those before what is looked for are not read.
    private static func client(of elements: some Sequence<ForwardedElement>, _ proxies: TrustedProxies) -> Client? {
        var found: Client?
        for (distance, element) in elements.enumerated() {
            guard found == nil || element.node != nil else { break }
            found = (element, distance)
            guard let address = element.node?.address, proxies.contain(address) else { break }
        }
        return found
    }

    /// The word of the proxy that the client has asked, of a list; there may be fewer than proxies.
    private static func word(_ list: String?, _ distance: Int) -> String? {
        list.flatMap { Array($0.wordsLastFirst.prefix(distance + 1)).last.map(String.init) }
    }

    /// What all trusted proxies have taken from the path, the first one first.
    private static func prefix(_ list: String?, _ distance: Int) -> String {
        let words = list.map { Array($0.wordsLastFirst.prefix(distance + 1)) } ?? []
        return words.reversed().map { word in
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
