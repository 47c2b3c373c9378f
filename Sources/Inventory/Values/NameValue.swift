import Foundation
package import Schema

/// A name, of which documents have the spelling that a client sent.
///
/// The rules for names came after the first versions stored some: a stored document may have any text, and so may a value that
/// was read of one or is looked for.
package protocol NameValue: StringValue {
    /// What is wrong with a text as a name of this kind, as the end of a sentence that starts with where it stands; nil for nothing.
    static func fault(in text: String) -> String?

    /// Makes a value of any text.
    init(unchecked text: String)
}

extension NameValue {
    package init(_ text: String) throws(InvalidValue) {
        if let fault = Self.fault(in: text) { throw InvalidValue(fault) }
        self.init(unchecked: text)
    }

    package init(reference text: String) { self.init(unchecked: text) }

    package init(json: JSONValue) throws(JSONDecodingError) {
        guard case .string(let text) = json else { throw JSONDecodingError("must be a string") }
        self.init(unchecked: text)
    }
}

/// Text that people can see, without space at its ends.
enum PrintableText {
    /// Characters that are space, as `\s` of ECMA-262 has them, without those that are no text at all.
    private static let space = #"\u0020\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000\uFEFF"#
    /// Characters that are no text: controls, and the separators of lines and paragraphs.
    private static let unprintable = #"\u0000-\u001F\u007F-\u009F\u2028\u2029"#

    /// A regular expression (ECMA-262) for all that is not empty.
    static let pattern = "(?![\(space)])[^\(unprintable)]+(?<![\(space)])"

    /// What is wrong with a text, which may be empty; nil for nothing.
    static func fault(in text: String) -> String? {
        let scalars = text.unicodeScalars
        if let scalar = scalars.first(where: \.isUnprintable) {
            let code = String(scalar.value, radix: 16, uppercase: true)
            return
                "has the character U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code), which cannot be printed"
        }
        if scalars.first?.isSpace == true || scalars.last?.isSpace == true { return "begins or ends with a space" }
        return nil
    }

    /// Whether ASCII is surely printable text without space at its ends; false for none.
    static func isPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = text.first, let last = text.last, first != 0x20, last != 0x20 else { return false }
        return text.allSatisfy { (0x20..<0x7F).contains($0) }
    }
}

extension Unicode.Scalar {
    fileprivate var isUnprintable: Bool {
        switch value {
        case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029: true
        default: false
        }
    }

    fileprivate var isSpace: Bool { value == 0xFEFF || properties.generalCategory == .spaceSeparator }
}
