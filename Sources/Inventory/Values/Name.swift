package import Schema

/// A name that people give: text that can be printed, without space at its ends, and not empty.
package struct Name: NameValue {
    package let description: String

    package init(unchecked text: String) { description = text }

    package static func fault(in text: String) -> String? {
        text.isEmpty ? "is empty" : PrintableText.fault(in: text)
    }

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool { PrintableText.isPlain(text) }

    package static var laterRule: String? { "name" }

    package static var stringSchema: JSONSchema {
        JSONSchema(
            title: "Name",
            description: "Printable text without space at its ends",
            type: .string,
            minLength: 1,
            pattern: "^\(PrintableText.pattern)$"
        )
    }
}
