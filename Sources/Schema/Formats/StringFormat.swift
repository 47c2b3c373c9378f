/// The forms of strings that `format` names and the validator knows.
///
/// Each rule is written so that another implementation of it can come to the same verdicts.
package enum StringFormat: String, Sendable, CaseIterable {
    /// `uuid`, RFC 9562.
    case uuid
    /// `ipv4`, dotted decimal.
    case ipv4
    /// `ipv6`, RFC 4291.
    case ipv6
    /// `mac-address`, which JSON Schema itself does not define, in any of the spellings of ``HardwareAddress/eui48(_:)``.
    case macAddress = "mac-address"
    /// `date-time`, RFC 3339.
    case dateTime = "date-time"
    /// `email`, the usual part of RFC 5321.
    case email
    /// `hostname`, RFC 1123.
    case hostname
    /// `uri`, RFC 3986 with a scheme.
    case uri

    /// Whether a string has the form.
    package func accepts(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            let text = bytes[...]
            return switch self {
            case .uuid: isUUID(text)
            case .ipv4: isIPv4Address(text)
            case .ipv6: isIPv6Address(text)
            case .macAddress: HardwareAddress.eui48(bytes) != nil
            case .dateTime: isDateTime(text)
            case .email: isEmailAddress(text)
            case .hostname: isHostname(text)
            case .uri: isURI(text)
            }
        }
    }

    /// What a string of the form is called, with its article.
    var phrase: String {
        switch self {
        case .uuid: "a UUID such as 8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1"
        case .ipv4: "an IPv4 address such as 10.1.2.3"
        case .ipv6: "an IPv6 address such as fd00::1"
        case .macAddress: "a MAC address such as 02:00:00:00:00:01"
        case .dateTime: "a time such as 2026-01-31T23:59:00Z"
        case .email: "an e-mail address"
        case .hostname: "a host name"
        case .uri: "a URI with a scheme"
        }
    }
}

typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

/// RFC 9562, section 4: hexadecimal digits of either case in groups of 8, 4, 4, 4 and 12, joined by `-`.
private func isUUID(_ text: Bytes) -> Bool {
    let groups = text.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    return groups.map(\.count) == [8, 4, 4, 4, 12] && groups.allSatisfy { $0.allSatisfy(\.isHexadecimalDigit) }
}

/// RFC 3986, section 3.2.2, `IPv4address`: four decimal numbers of 0 to 255 without leading zeros, joined by `.`.
private func isIPv4Address(_ text: Bytes) -> Bool {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4
        && parts.allSatisfy { part in
            guard (1...3).contains(part.count), let number = decimalNumber(part), number <= 255 else { return false }
            return part.count == 1 || part.first != UInt8(ascii: "0")
        }
}

/// RFC 4291, section 2.2: eight groups of one to four hexadecimal digits, joined by `:`; one `::` may stand for one or
/// more groups of zeros; the last two groups may be an IPv4 address. There is no zone and no prefix length.
private func isIPv6Address(_ text: Bytes) -> Bool {
    let groups = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    // `::` gives one empty group in the middle, and two at an end of the text.
    guard (3...9).contains(groups.count), let last = groups.last else { return false }
    let isCutAtStart = groups[0].isEmpty
    let isCutAtEnd = last.isEmpty
    guard !isCutAtStart || groups[1].isEmpty, !isCutAtEnd || groups[groups.count - 2].isEmpty else { return false }
    let inner = groups.dropFirst(isCutAtStart ? 1 : 0).dropLast(isCutAtEnd ? 1 : 0)
    let emptyCount = inner.count(where: \.isEmpty)
    let isDotted = last.contains(UInt8(ascii: "."))
    guard emptyCount <= 1, !isDotted || isIPv4Address(last) else { return false }
    let isHexadecimal = inner.dropLast(isDotted ? 1 : 0).allSatisfy { group in
        group.count <= 4 && group.allSatisfy(\.isHexadecimalDigit)
    }
    let count = inner.count - emptyCount + (isDotted ? 1 : 0)
    return isHexadecimal && (emptyCount == 1 ? count <= 7 : count == 8)
}

/// RFC 1123, section 2.1: labels joined by `.`, each of 1 to 63 ASCII letters, digits and `-`, not beginning or ending
/// with `-`; at most 253 characters in all, without a `.` at the end.
private func isHostname(_ text: Bytes) -> Bool {
    text.count <= 253
        && text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") }
        }
}

/// RFC 5321, section 4.1.2, without quoted local parts and address literals: a local part of at most 64 characters, the
/// last `@`, and a host name. The local part is runs of ASCII letters, digits and any of !#$%&'*+-/=?^_`{|}~, joined
/// by `.`.
private func isEmailAddress(_ text: Bytes) -> Bool {
    guard let at = text.lastIndex(of: UInt8(ascii: "@")) else { return false }
    let local = text[..<at]
    return local.count <= 64
        && local.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { run in
            !run.isEmpty && run.allSatisfy { $0.isASCIILetterOrDigit || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0) }
        }
        && isHostname(text[(at + 1)...])
}

/// RFC 3986, section 3: a scheme (a letter, then letters, digits, `+`, `-`, `.`), `:`, and after it only unreserved
/// and reserved characters and `%` with two hexadecimal digits. `[` and `]` stand only around an IPv6 address as the
/// host, `#` at most once; after `//` the authority ends at the first `/`, `?` or `#`, and a port is digits.
private func isURI(_ text: Bytes) -> Bool {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), text[..<colon].isURIScheme else { return false }
    var rest = text[(colon + 1)...]
    if rest.starts(with: "//".utf8) {
        rest = rest.dropFirst(2)
        let end = rest.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        guard isURIAuthority(rest[..<end]) else { return false }
        rest = rest[end...]
    }
    let fragment = rest.firstIndex(of: UInt8(ascii: "#")) ?? rest.endIndex
    return rest[..<fragment].isURIText(allowing: "!$&'()*+,;=:@/?")
        && rest[fragment...].dropFirst().isURIText(allowing: "!$&'()*+,;=:@/?")
}

/// RFC 3986, section 3.2: `[userinfo "@"] host [":" port]`.
private func isURIAuthority(_ text: Bytes) -> Bool {
    var host = text
    if let at = text.lastIndex(of: UInt8(ascii: "@")) {
        guard text[..<at].isURIText(allowing: "!$&'()*+,;=:") else { return false }
        host = text[(at + 1)...]
    }
    var port = host.suffix(0)
    if host.first == UInt8(ascii: "[") {
        guard let end = host.firstIndex(of: UInt8(ascii: "]")), isIPv6Address(host[(host.startIndex + 1)..<end])
        else { return false }
        port = host[(end + 1)...]
        host = host.prefix(0)
        guard port.isEmpty || port.first == UInt8(ascii: ":") else { return false }
    } else if let colon = host.firstIndex(of: UInt8(ascii: ":")) {
        port = host[colon...]
        host = host[..<colon]
    }
    return host.isURIText(allowing: "!$&'()*+,;=") && port.dropFirst().allSatisfy(\.isASCIIDigit)
}

extension Bytes {
    /// RFC 3986, section 3.1.
    fileprivate var isURIScheme: Bool {
        guard let first, first.isASCIILetterOrDigit, !first.isASCIIDigit else { return false }
        return allSatisfy { $0.isASCIILetterOrDigit || "+-.".utf8.contains($0) }
    }

    /// Whether there are only unreserved characters, the given ones, and percent-encoded bytes. RFC 3986, section 2.
    fileprivate func isURIText(allowing others: String) -> Bool {
        var rest = self
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.prefix(2).count == 2, rest.prefix(2).allSatisfy(\.isHexadecimalDigit) else { return false }
                rest = rest.dropFirst(2)
            } else if !byte.isASCIILetterOrDigit, !"-._~".utf8.contains(byte), !others.utf8.contains(byte) {
                return false
            }
        }
        return true
    }
}

extension UInt8 {
    fileprivate var isHexadecimalDigit: Bool { hexadecimalDigitValue != nil }

    fileprivate var isASCIILetterOrDigit: Bool {
        isASCIIDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}

/// The value of at most nine ASCII digits; nil for anything else.
func decimalNumber(_ digits: Bytes) -> Int? {
    guard (1...9).contains(digits.count), digits.allSatisfy(\.isASCIIDigit) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
}
