package import Foundation
package import Schema

/// A resource as the rules of the inventory see it: its document in normal form, with what it is found by.
package struct Document: Sendable {
    package let kind: Kind
    private var text: StructureText
    /// Keys that no other resource of the kind can have, without repetition.
    package private(set) var keys: [UniqueKey]
    /// The identifier, which every stored resource has.
    package var identifier: UUID? {
        didSet { text.set(kind.identifierField, to: identifier.map { $0.json[...] }) }
    }
    /// The identifier of the other resource that the document has a copy of; nil where a client gives only other fields.
    package private(set) var embeddedIdentifier: UUID?
    /// JSON pointers of empty strings that stand for secrets; those in the copy of another resource are that one's.
    package private(set) var standingSecrets: [String]
    /// The rules of today that its values break, since they were stored before them; see ``StringValue/laterRule``.
    private let rulesBrokenByValues: [String]

    /// The document as it is stored and served, UTF-8.
    package var bytes: [UInt8] { text.bytes }

    /// The document as a JSON tree.
    package var json: JSONValue {
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            preconditionFailure("a stored \(kind.name) is not JSON: \(error)")
        }
    }

    /// Reads a document in one pass.
    ///
    /// - Parameter secrets: Gets the secrets in it by JSON pointer; an empty string in the document stands for each.
    /// - Returns: Nil for what breaks the schema or is too unusual to be read so.
    package init?(
        reading bytes: some Collection<UInt8>,
        _ kind: Kind,
        _ completeness: StructureReader.Completeness = .whole,
        secrets: inout [(pointer: String, value: String)]
    ) {
        guard let reading = kind.reader.read(bytes, completeness) else { return nil }
        self.kind = kind
        text = reading.text
        keys = reading.keys.compactMap { _, name, value in
            let key =
                switch value {
                case .number: UniqueKey(name: name, value)
                case .text(let text): UniqueKey(name: name, value: text)
                }
            return key.identifiesNothing ? nil : key
        }
        if kind.reservesKeys, completeness != .part { keys = kind.resourceType.reservedKeys(of: text.bytes) + keys }
        keys.removeRepetitions()
        identifier = text.string(kind.identifierField).flatMap(UUID.init(spelling:))
        let embedding = kind.embedding
        if let embedding { embeddedIdentifier = Self.identifier(of: text.value(embedding.field), embedding) }
        standingSecrets = []
        rulesBrokenByValues = reading.brokenRules
        for secret in reading.secrets {
            if embedding?.owns(secret.pointer) != true { standingSecrets.append(secret.pointer) }
            if !secret.value.isEmpty { secrets.append(secret) }
        }
    }

    /// The document of a resource that this version of the program has stored.
    ///
    /// Stored documents are in normal form; one that cannot be read is a broken invariant and traps.
    package init(stored bytes: some Collection<UInt8>, _ kind: Kind) {
        var secrets: [(pointer: String, value: String)] = []
        guard let document = Document(reading: bytes, kind, .stored, secrets: &secrets), secrets.isEmpty else {
            preconditionFailure("a stored \(kind.name) cannot be read")
        }
        self = document
    }

    private mutating func reread() { self = Document(stored: bytes, kind) }

    /// The rules of today that it breaks, since it was stored before them; see ``Kind/laterRules``.
    package var brokenRules: [String] {
        guard let embedding = kind.embedding, let rules = kind.rules, let rule = rules.laterRule,
            let copy = text.value(embedding.field),
            copy.withUnsafeBufferPointer({ rules.breaksLaterRule(keys, copyAt: embedding.place(inCopy: $0)) })
        else { return rulesBrokenByValues }
        return rulesBrokenByValues + [rule]
    }

    // MARK: Fields

    /// Whether a field is there.
    func has(_ field: Int) -> Bool { text.has(field) }

    /// Whether there is no field but one, and the identifier.
    func hasNothing(but field: Int) -> Bool {
        kind.resourceType.fields.indices.allSatisfy { $0 == field || $0 == kind.identifierField || !has($0) }
    }

    /// Sets the text of a field, which may be one that the resource is found by; nil takes it out.
    mutating func set(_ field: Int, to value: String?) {
        text.set(field, to: value.map { JSONValue.string($0).bytes[...] })
        guard let name = kind.resourceType.fields[field].uniqueKey else { return }
        keys.removeAll { $0.name == name }
        guard let key = value.map({ UniqueKey(name: name, value: $0) }), !key.identifiesNothing else { return }
        keys.insert(key, at: 0)
    }

    /// The fields of the document that an object has, too.
    func part(_ members: JSONObject) -> Document {
        var part = text
        for (number, field) in kind.resourceType.fields.enumerated() where members[field.name] == nil {
            part.set(number, to: nil)
        }
        var secrets: [(pointer: String, value: String)] = []
        guard let document = Document(reading: part.bytes, kind, .part, secrets: &secrets) else {
            preconditionFailure("a part of a document in normal form is in normal form")
        }
        return document
    }

    /// The subject of the token that created the resource; nil in a kind that does not keep it.
    package var creatorSubject: String? {
        get { kind.creatorField.flatMap { text.string($0) } }
        set {
            guard let field = kind.creatorField else { return }
            text.set(field, to: newValue.map { JSONValue.string($0).bytes[...] })
        }
    }

    /// The document without some strings.
    package func without(_ pointers: [String]) -> Document {
        var json = json
        for pointer in pointers.compactMap({ JSONPointer($0) }) { json[pointer] = nil }
        return Document(stored: json.bytes, kind)
    }

    /// The document with the fields that another one has, but its own identifier.
    package func overwritten(by other: Document) -> Document {
        var document = self
        document.text.overwrite(with: other.text, except: kind.identifierField)
        // What it is found by changes with few fields.
        if kind.reservesKeys || other.text.hasFieldToFindBy || !rulesBrokenByValues.isEmpty { document.reread() }
        return document
    }

    /// The document with members that a merge patch (RFC 7396) has.
    ///
    /// - Returns: Nil when the patch takes something out, changes parts of members, or needs a closer look.
    package func patched(by members: JSONObject) -> Document? {
        let isPlain = members.members.allSatisfy { member in
            switch member.value {
            case .null, .object: false
            case .bool, .number, .string, .array: true
            }
        }
        var secrets: [(pointer: String, value: String)] = []
        guard isPlain, members[kind.identifierKey] == nil,
            let part = Document(reading: JSONValue.object(members).bytes, kind, .part, secrets: &secrets),
            secrets.isEmpty
        else { return nil }
        return overwritten(by: part)
    }

    // MARK: Copies of other resources

    /// The copy of another resource in the document, of which a client may give only a part.
    package var embedded: Document? {
        guard let embedding = kind.embedding, let json = text.value(embedding.field) else { return nil }
        var secrets: [(pointer: String, value: String)] = []
        guard let copy = Document(reading: json, embedding.kind, .part, secrets: &secrets) else {
            preconditionFailure("the copy of a resource in a document in normal form is in normal form")
        }
        return copy
    }

    private static func identifier(of copy: ArraySlice<UInt8>?, _ embedding: Embedding) -> UUID? {
        copy?.withUnsafeBufferPointer { json in
            let start = embedding.start.count
            guard json.count > start + 36, json.starts(with: embedding.start) else { return nil }
            return UUID(spelling: UnsafeBufferPointer(rebasing: json[start..<start + 36]))
        }
    }

    /// Has the document refer to another resource, of which it has nothing but the identifier then.
    package mutating func refer(to id: UUID?) {
        guard let embedding = kind.embedding else { preconditionFailure("\(kind.name) embeds nothing") }
        text.set(embedding.field, to: id.map { (embedding.start.dropLast() + $0.json + [UInt8(ascii: "}")])[...] })
        embeddedIdentifier = id
    }

    /// Writes a copy of another resource into the document.
    ///
    /// - Parameter bytes: That one's document.
    package mutating func embed(_ id: UUID, _ bytes: [UInt8]) {
        guard let embedding = kind.embedding else { preconditionFailure("\(kind.name) embeds nothing") }
        embeddedIdentifier = id
        if !text.has(embedding.field, bytes) { text.set(embedding.field, to: bytes[...]) }
    }
}

extension JSONStructure {
    /// The number of a field.
    static func number(of name: String) -> Int {
        guard let number = fields.firstIndex(where: { $0.name == name }) else {
            preconditionFailure("\(jsonName) has no \(name)")
        }
        return number
    }
}

extension Kind {
    /// The paths of fields whose values searches find in memory, by their numbers.
    package var indexedPaths: [String] { reader.indexedPaths }

    /// Finds the values of indexed fields in a stored document, each with the number of the field's path.
    ///
    /// - Parameter body: Gets their JSON.
    package func forEachIndexedValue(of document: [UInt8], _ body: (Int, UnsafeBufferPointer<UInt8>) -> Void) {
        reader.forEachIndexedValue(of: document, body)
    }

    fileprivate var reader: StructureReader { Self.readers[number] }

    private static let readers = allCases.map { StructureReader($0.resourceType) }

    /// The number of the identifier's field.
    fileprivate var identifierField: Int { Self.identifierFields[number] }

    private static let identifierFields = allCases.map { $0.resourceType.number(of: $0.identifierKey) }

    /// The number of the creator's field.
    fileprivate var creatorField: Int? { Self.creatorFields[number] }

    private static let creatorFields = allCases.map { kind in
        kind.resourceType.creatorKey.map { kind.resourceType.number(of: $0) }
    }

    /// Whether resources have keys beside those of fields.
    package var reservesKeys: Bool { Self.reservesKeys[number] }

    private static let reservesKeys = allCases.map { $0.resourceType.reservesKeys }
}

extension Resource {
    /// The keys that a stored document has beside those of fields.
    fileprivate static func reservedKeys(of document: [UInt8]) -> [UniqueKey] { Self(stored: document).reservedKeys }
}
