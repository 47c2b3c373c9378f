import NIOCore

extension SocketAddress {
    /// The address without the port; of IPv6 the first half, since a single machine may have all of the other.
    var network: String? {
        guard case .v6 = self else { return ipAddress }
        return withSockAddr { address, size in
            // Behind family, port and flow of a sockaddr_in6 (RFC 3493, section 3.3).
            let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(start: address, count: size)[8..<24])
            // An IPv4 address that came by a socket of both (RFC 4291, section 2.5.5.2).
            let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            return isMapped
                ? bytes.suffix(4).map(String.init).joined(separator: ".")
                : bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
        }
    }
}
