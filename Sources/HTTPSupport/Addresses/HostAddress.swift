import Foundation
import NIOCore

/// The address of a machine on the network, whatever its port.
struct HostAddress: Hashable, Sendable, CustomStringConvertible {
    /// The bits of the IPv6 address, those of the first byte highest; an IPv4 address is the one that stands for it there
    /// (RFC 4291, section 2.5.5.2).
    let bits: UInt128

    private static let ipv4Prefix: UInt128 = 0xFFFF << 32

    init(bits: UInt128) {
        self.bits = bits
    }

    /// Reads an address such as `10.0.0.5` or `fd00::5`; nil for anything else.
    init?(_ text: String) {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bits = Self.ipv4Prefix | UInt128(UInt32(bigEndian: four.s_addr))
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        bits = withUnsafeBytes(of: six) { Self.bits(of: $0) }
    }

    /// The address of a socket; nil where that is none of the network.
    init?(_ address: SocketAddress?) {
        switch address {
        case .v4(let address): bits = Self.ipv4Prefix | UInt128(UInt32(bigEndian: address.address.sin_addr.s_addr))
        case .v6(let address): bits = withUnsafeBytes(of: address.address.sin6_addr) { Self.bits(of: $0) }
        case .unixDomainSocket, nil: return nil
        }
    }

    private static func bits(of bytes: UnsafeRawBufferPointer) -> UInt128 {
        bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// Whether it is an address of IPv4.
    var isIPv4: Bool { bits >> 32 == 0xFFFF }

    /// Whether it is this machine itself: `127.0.0.0/8` or `::1`.
    var isLoopback: Bool { isIPv4 ? octets[12] == 127 : bits == 1 }

    /// The address as people write it: of IPv6 as in RFC 5952.
    var description: String {
        if isIPv4 { return octets.suffix(4).map(String.init).joined(separator: ".") }
        var address = in6_addr()
        withUnsafeMutableBytes(of: &address) { $0.copyBytes(from: octets) }
        return String(unsafeUninitializedCapacity: Int(INET6_ADDRSTRLEN)) { text in
            text.withMemoryRebound(to: CChar.self) { text in
                guard let end = inet_ntop(AF_INET6, &address, text.baseAddress, socklen_t(text.count)) else { return 0 }
                return strlen(end)
            }
        }
    }

    /// The address, or of IPv6 the first half, since a single machine may have all of the other: what limits go by.
    var network: String {
        if isIPv4 { return description }
        return octets.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
    }

    private var octets: [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: bits >> (120 - 8 * UInt128($0))) }
    }
}
