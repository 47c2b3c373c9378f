package import Schema

/// The name of a host: labels of letters, digits, `-` and `_` with dots between them.
///
/// RFC 1123, section 2.1, with the underscores that many sites have. A label has at most 63 characters and neither begins nor ends
/// with `-`, the whole at most 253. There is no dot at the end: that belongs to the absolute names of zone files (RFC 1035, section
/// 5.1), not to host names.
package struct HostName: NameValue {
    package let description: String

    package init(unchecked text: String) { description = text }

    /// In characters.
    private static let maximumLength = 253
    private static let maximumLabelLength = 63

    package static func fault(in text: String) -> String? {
        if text.isEmpty { return "is empty" }
        if let character = text.unicodeScalars.first(where: { !$0.isASCII || !UInt8($0.value).isOfHostName }) {
            let shown = String(character).debugDescription
            return "has \(shown); a host name has letters, digits, - and _, and dots between them"
        }
        guard text.utf8.count <= maximumLength else { return "has more than \(maximumLength) characters" }
        for label in text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            if label.isEmpty { return "has a dot at an end, or two without a label between them" }
            guard label.count <= maximumLabelLength else {
                return "has more than \(maximumLabelLength) characters without a dot"
            }
            if label.first == UInt8(ascii: "-") || label.last == UInt8(ascii: "-") {
                return "has a label that begins or ends with -"
            }
        }
        return nil
    }

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count <= maximumLength else { return false }
        // Of the label that is being read.
        var (length, last): (Int, UInt8) = (0, UInt8(ascii: "-"))
        for byte in text {
            if byte == UInt8(ascii: ".") {
                guard length > 0, last != UInt8(ascii: "-") else { return false }
                length = 0
            } else {
                guard byte.isOfHostName, length > 0 || byte != UInt8(ascii: "-"), length < maximumLabelLength else {
                    return false
                }
                length += 1
            }
            last = byte
        }
        return length > 0 && last != UInt8(ascii: "-")
    }

    package static var laterRule: String? { "host_name" }

    package static var stringSchema: JSONSchema {
        let label = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
        return JSONSchema(
            title: "HostName",
            description: "Labels of letters, digits, - and _ with dots between them",
            type: .string,
            minLength: 1,
            maxLength: maximumLength,
            pattern: #"^\#(label)(?:\.\#(label))*$"#
        )
    }
}

extension UInt8 {
    /// Whether an ASCII character is one of host names.
    fileprivate var isOfHostName: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
