package import Schema

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An IPv4 address in dotted decimal, without leading zeros.
package struct IPv4Address: StringValue {
    package let description: String

    package init(_ text: String) throws(InvalidValue) {
        guard let normal = normalAddress(text, family: AF_INET, length: INET_ADDRSTRLEN) else {
            throw InvalidValue("is not an IPv4 address such as 10.1.0.5")
        }
        description = normal
    }

    package static var stringSchema: JSONSchema { JSONSchema(type: .string, format: .ipv4) }
}

/// An IPv6 address, without a zone; the normal spelling is that of RFC 5952.
package struct IPv6Address: StringValue {
    package let description: String

    package init(_ text: String) throws(InvalidValue) {
        guard let normal = normalAddress(text, family: AF_INET6, length: INET6_ADDRSTRLEN) else {
            throw InvalidValue("is not an IPv6 address such as fd00::5")
        }
        description = normal
    }

    package static var stringSchema: JSONSchema { JSONSchema(type: .string, format: .ipv6) }
}

/// The address as the C library writes it, or nil when it cannot read it.
///
/// - Parameters:
///   - length: Room for the longest text of the family, with its final zero.
private func normalAddress(_ text: String, family: Int32, length: Int32) -> String? {
    guard text.utf8.count < Int(length), !text.utf8.contains(0) else { return nil }
    var address = in6_addr()
    var normal = [CChar](repeating: 0, count: Int(length))
    guard inet_pton(family, text, &address) == 1,
        inet_ntop(family, &address, &normal, socklen_t(length)) != nil
    else { return nil }
    return String(decoding: normal.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
