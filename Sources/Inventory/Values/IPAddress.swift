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
        // Groups as they are written, a bit for each that is zero, and how many stand before `::`.
        var (count, zeros, position) = (0, 0, 0)
        var gap: Int?
        func skipColon() -> Bool {
            guard position < text.count, text[position] == UInt8(ascii: ":") else { return false }
            position += 1
            return true
        }
        if skipColon() {
            guard skipColon() else { return false }
            gap = 0
        }
        while position < text.count {
            let start = position
            while position < text.count, text[position].isLowerHexDigit { position += 1 }
            let digits = position - start
            let isZero = digits > 0 && text[start] == UInt8(ascii: "0")
            guard count < 8, (1...4).contains(digits), !isZero || digits == 1 else { return false }
            if isZero { zeros |= 1 << count }
            count += 1
            if position == text.count { break }
            guard skipColon(), position < text.count else { return false }
            if skipColon() {
                guard gap == nil else { return false }
                gap = count
            }
        }
        // Which of several runs of zeros is the one to leave out, and where an IPv4 address is written, is left to the
        // C library.
        guard zeros & zeros << 1 == 0 else { return false }
        guard let gap else { return count == 8 }
        return (gap == 0 ? 4...6 : 0...6).contains(count) && zeros & ((1 << gap) | (1 << gap) >> 1) == 0
    }

    package static var stringSchema: JSONSchema { JSONSchema(type: .string, format: .ipv6) }
}

/// An IPv4 or an IPv6 address, in the normal spelling of its family.
package struct IPAddress: StringValue {
    package let description: String

    package init(_ text: String) throws(InvalidValue) {
        do throws(InvalidValue) {
            description =
                text.utf8.contains(UInt8(ascii: ":"))
                ? try IPv6Address(text).description : try IPv4Address(text).description
        } catch {
            throw InvalidValue("is not an IP address such as 10.1.0.5 or fd00::5")
        }
    }

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        IPv4Address.isNormal(text) || IPv6Address.isNormal(text)
    }

    package static var stringSchema: JSONSchema {
        var schema = JSONSchema(type: .string)
        schema.anyOf = [IPv4Address.stringSchema, IPv6Address.stringSchema]
        return schema
    }
}

/// The address as the C library writes it, or nil when it cannot read it.
///
/// - Parameter length: Room for the longest text of the family, with its final zero.
private func normalAddress(_ text: String, family: Int32, length: Int32) -> String? {
    guard !text.utf8.contains(0) else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(length)) { buffer in
        var address = in6_addr()
        guard let start = buffer.baseAddress, inet_pton(family, text, &address) == 1,
            inet_ntop(family, &address, start, socklen_t(length)) != nil
        else { return nil }
        return String(cString: start)
    }
}
