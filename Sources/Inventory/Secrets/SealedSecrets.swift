import Schema

/// The sealed secrets of a resource, each by the JSON pointer of the empty string that stands for it in the document.
package struct SealedSecrets: Sendable, Equatable {
    /// The secrets as a JSON object, the pointers in order; nothing where there is none.
    package private(set) var json: [UInt8] = []

    package init() {}

    package init(_ secrets: [(pointer: String, secret: SealedSecret)]) {
        guard !secrets.isEmpty else { return }
        // Quotes, a colon and a comma or bracket each.
        let size = secrets.reduce(1) { $0 + $1.pointer.utf8.count + $1.secret.description.utf8.count + 6 }
        var writer = JSONWriter(capacity: size)
        writer.beginObject()
        for (pointer, secret) in secrets.sorted(by: { $0.pointer < $1.pointer }) {
            writer.key(pointer)
            writer.string(secret.description)
        }
        writer.endObject()
        json = writer.bytes
    }

    /// Takes what ``json`` was before.
    ///
    /// - Returns: Nil for what it cannot have been.
    package init?(json: [UInt8]) {
        guard json.starts(with: #"{""#.utf8), json.suffix(2).elementsEqual(#""}"#.utf8) else { return nil }
        self.json = json
    }

    /// Whether a text stands at the beginning of each of them.
    package func allBegin(with text: String) -> Bool {
        json.withUnsafeBytes { json in
            for index in json.indices.dropFirst().dropLast() where json[index] == UInt8(ascii: ":") {
                // A secret begins behind a colon that stands between quotes, as colons do nowhere else.
                guard json[index - 1] == UInt8(ascii: "\""), json[index + 1] == UInt8(ascii: "\"") else { continue }
                guard json[(index + 2)...].starts(with: text.utf8) else { return false }
            }
            return true
        }
    }

    package var isEmpty: Bool { json.isEmpty }

    /// The bytes that they take.
    package var size: Int { json.count }

    /// The secrets with their pointers, in order.
    package var all: [(pointer: String, secret: SealedSecret)] {
        guard !isEmpty else { return [] }
        do {
            guard case .object(let members) = try JSONValue(parsing: json) else { return [] }
            return members.map { member in
                guard case .string(let text) = member.value else { preconditionFailure("a sealed secret is a string") }
                return (member.key, SealedSecret(text))
            }
        } catch {
            preconditionFailure("sealed secrets are JSON: \(error)")
        }
    }

    package subscript(pointer: String) -> SealedSecret? {
        all.first { $0.pointer == pointer }?.secret
    }
}
