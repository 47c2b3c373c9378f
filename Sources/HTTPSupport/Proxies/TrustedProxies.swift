import HTTPTypes

/// The proxies whose word counts for who asks and for how the server is called.
package struct TrustedProxies: Sendable {
    private let ranges: [AddressRange]

    /// None.
    package static let none = TrustedProxies([])

    package init(_ ranges: [AddressRange]) {
        self.ranges = ranges
    }

    /// Whether there are none.
    var isEmpty: Bool { ranges.isEmpty }

    /// Whether one of them has an address.
    func contain(_ address: HostAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// What a proxy says of a request; nil where the request is of nobody whose word counts.
    ///
    /// - Parameters:
    ///   - peer: Whom the connection is to.
    ///   - headers: Those of the request.
    func forwarding(by peer: HostAddress?, _ headers: HTTPFields) -> Forwarding? {
        guard !ranges.isEmpty, let peer, contain(peer) else { return nil }
        return Forwarding(by: peer, headers, trusting: self)
    }
}
