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

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        // The C library takes several thousand instructions to write one.
        var (number, digits, dots) = (0, 0, 0)
        for byte in text {
            if let digit = byte.hexDigit, digit < 10 {
                // A number of several digits does not begin with a zero.
                guard digits == 0 || number > 0 else { return false }
                number = number * 10 + Int(digit)
                digits += 1
                guard number <= 255 else { return false }
            } else {
                guard byte == UInt8(ascii: "."), digits > 0 else { return false }
                dots += 1
                (number, digits) = (0, 0)
            }
        }
        return dots == 3 && digits > 0
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

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        withNormalAddress(text, family: AF_INET6, length: INET6_ADDRSTRLEN) { normal in
            guard let normalStart = normal.baseAddress, let start = text.baseAddress else { return false }
            return normal.count == text.count && memcmp(normalStart, start, text.count) == 0
        } ?? false
    }

    package static var stringSchema: JSONSchema { JSONSchema(type: .string, format: .ipv6) }
}

/// The address as the C library writes it, or nil when it cannot read it.
///
/// - Parameter length: Room for the longest text of the family, with its final zero.
private func normalAddress(_ text: String, family: Int32, length: Int32) -> String? {
    var text = text
    return text.withUTF8 { bytes in
        withNormalAddress(bytes, family: family, length: length) { String(decoding: $0, as: UTF8.self) }
    }
}

private func withNormalAddress<Result>(
    _ text: UnsafeBufferPointer<UInt8>,
    family: Int32,
    length: Int32,
    _ body: (UnsafeBufferPointer<UInt8>) -> Result
) -> Result? {
    guard text.count < Int(length), !text.contains(0) else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(length)) { buffer in
        for (index, byte) in text.enumerated() { buffer[index] = CChar(bitPattern: byte) }
        buffer[text.count] = 0
        var address = in6_addr()
        guard let start = buffer.baseAddress, inet_pton(family, start, &address) == 1,
            inet_ntop(family, &address, start, socklen_t(length)) != nil
        else { return nil }
        return start.withMemoryRebound(to: UInt8.self, capacity: Int(length)) { bytes in
            body(UnsafeBufferPointer(start: bytes, count: strlen(start)))
        }
    }
}
