import HTTPTypes

/// A proxy whose word counts.
package enum TrustedProxy: Sendable {
    case network(AddressRange)
    /// Whoever connects to a Unix socket.
    case socket
}

/// The proxies whose word counts for who asks and for how the server is called.
package struct TrustedProxies: Sendable {
    private let ranges: [AddressRange]
    /// Whether whoever connects to a Unix socket is one.
    private let haveSockets: Bool

    /// None.
    package static let none = TrustedProxies([])

    package init(_ proxies: [TrustedProxy]) {
        var (ranges, haveSockets) = ([AddressRange](), false)
        for proxy in proxies {
            switch proxy {
            case .network(let range): ranges.append(range)
            case .socket: haveSockets = true
            }
        }
        (self.ranges, self.haveSockets) = (ranges, haveSockets)
    }

    /// Whether there are none.
    var isEmpty: Bool { ranges.isEmpty && !haveSockets }

    /// Whether one of them has an address.
    func contain(_ address: HostAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// What a proxy says of a request; nil where the request is of nobody whose word counts.
    ///
    /// - Parameters:
    ///   - peer: Whom the connection is to.
    ///   - headers: Those of the request.
    func forwarding(by peer: Peer?, _ headers: HTTPFields) -> Forwarding? {
        guard !isEmpty, let peer, trust(peer) else { return nil }
        return Forwarding(by: peer, headers, trusting: self)
    }

    private func trust(_ peer: Peer) -> Bool {
        switch peer {
        case .host(let address): contain(address)
        case .socket: haveSockets
        }
    }
}
