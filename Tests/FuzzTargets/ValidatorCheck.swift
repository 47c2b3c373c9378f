import Inventory
import Schema

/// A document that is read in one pass is one that the validator and the type accept, with the same normal form; and every
/// normal form is read in one pass and stays what it is.
struct ValidatorCheck {
    private let validators: [SchemaValidator]

    init() throws {
        validators = try Kind.allCases.map { try SchemaValidator($0.schema) }
    }

    @Sendable func check(_ bytes: [UInt8]) throws {
        guard let (kind, text) = Kind.first(of: bytes) else { return }
        let expected = normal(text, kind)
        if let (found, _) = try read(text, kind, .whole) {
            try Finding.unless(
                found == expected,
                "\(string(found)), but validated \(expected.map(string) ?? "invalid")"
            )
        }
        guard let expected else { return }
        guard let (again, document) = try read(expected, kind, .stored) else {
            throw Finding("no normal form: \(string(expected))")
        }
        try Finding.unless(again == expected, "\(string(expected)) became \(string(again))")
        let stored = Document(stored: document.bytes, kind)
        try Finding.unless(
            stored.bytes == document.bytes && Set(stored.keys) == Set(document.keys)
                && stored.identifier == document.identifier
                && stored.embeddedIdentifier == document.embeddedIdentifier,
            "\(string(document.bytes)) is stored as \(string(stored.bytes))"
        )
    }

    /// The normal form, with secrets in it, as the validator and the type make it; nil for what one of them refuses.
    private func normal(_ bytes: [UInt8], _ kind: Kind) -> [UInt8]? {
        do {
            let json = try JSONValue(parsing: bytes)
            guard validators[kind.number].violations(of: json).isEmpty else { return nil }
            return try kind.resourceType.init(json: json).document
        } catch {
            // What is thrown says that there is no normal form, which is all that is asked.
            return nil
        }
    }

    /// The normal form that one pass finds, with its secrets put back.
    private func read(
        _ bytes: [UInt8],
        _ kind: Kind,
        _ completeness: StructureReader.Completeness
    ) throws(Finding) -> (normal: [UInt8], document: Document)? {
        var secrets: [(pointer: String, value: String)] = []
        guard let document = Document(reading: bytes, kind, completeness, secrets: &secrets) else { return nil }
        var json = document.json
        for (pointer, value) in secrets {
            guard let pointer = JSONPointer(pointer), json[pointer] == "" else { throw Finding("no place of a secret") }
            json[pointer] = .string(value)
        }
        return (json.bytes, document)
    }

    private func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension Kind {
    /// The kind whose number some bytes begin with, and the rest of them.
    static func first(of bytes: [UInt8]) -> (kind: Kind, rest: [UInt8])? {
        guard let digit = bytes.first, let kind = Kind(number: Int(digit) - 0x30) else { return nil }
        return (kind, Array(bytes.dropFirst()))
    }
}
