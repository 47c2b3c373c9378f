import NIOCore

/// Whom a connection is to.
enum Peer: Sendable, CustomStringConvertible {
    case host(HostAddress)
    /// Somebody on this machine, by a Unix socket.
    case socket

    /// Nil where nobody knows it any more.
    init?(_ address: SocketAddress?) {
        switch address {
        case nil: return nil
        case .unixDomainSocket: self = .socket
        case .v4, .v6:
            guard let host = HostAddress(address) else { return nil }
            self = .host(host)
        }
    }

    var description: String {
        switch self {
        case .host(let address): address.description
        case .socket: "unix"
        }
    }

    /// What limits go by: see ``HostAddress/network``.
    var network: String {
        switch self {
        case .host(let address): address.network
        case .socket: "unix"
        }
    }
}
