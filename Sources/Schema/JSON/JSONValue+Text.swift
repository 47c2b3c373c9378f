extension JSONValue: CustomStringConvertible {
    /// The value as compact JSON, UTF-8.
    package var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// The value as compact JSON.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package var description: String { text }

    /// The value as JSON for people: a member or element on each line, indented by two spaces, and a newline at the end.
    package var prettyText: String {
        var result = ""
        appendPretty(to: &result, indentation: "\n")
        return result + "\n"
    }

    private func appendPretty(to result: inout String, indentation: String) {
        let inner = indentation + "  "
        var separator = inner
        switch self {
        case .array(let elements) where !elements.isEmpty:
            result += "["
            for element in elements {
                result += separator
                element.appendPretty(to: &result, indentation: inner)
                separator = "," + inner
            }
            result += indentation + "]"
        case .object(let object) where !object.isEmpty:
            result += "{"
            for member in object {
                result += separator + JSONValue.string(member.key).text + ": "
                member.value.appendPretty(to: &result, indentation: inner)
                separator = "," + inner
            }
            result += indentation + "}"
        default:
            result += text
        }
    }
}
