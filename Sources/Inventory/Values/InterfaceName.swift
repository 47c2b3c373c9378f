package import Schema

/// What an operating system calls a network interface: text that can be printed, without space at its ends; empty where that is
/// not known.
package struct InterfaceName: NameValue {
    package let description: String

    package init(unchecked text: String) { description = text }

    package static func fault(in text: String) -> String? { PrintableText.fault(in: text) }

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        text.isEmpty || PrintableText.isPlain(text)
    }

    package static var laterRule: String? { "interface_name" }

    package static var stringSchema: JSONSchema {
        JSONSchema(
            title: "InterfaceName",
            description: "Printable text without space at its ends",
            type: .string,
            pattern: "^(?:\(PrintableText.pattern))?$"
        )
    }
}
