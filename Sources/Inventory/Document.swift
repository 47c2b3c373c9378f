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
    /// Of a node: the identifier of the BMC in its document, of which a client may give only other fields.
    package private(set) var bmcIdentifier: UUID?
    /// JSON pointers of empty strings that stand for secrets; those of a node's BMC are that one's.
    package private(set) var standingSecrets: [String]

    /// The document as it is stored and served, UTF-8.
    package var bytes: [UInt8] { text.bytes }

    /// The document as a JSON tree.
    package var json: JSONValue {
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            preconditionFailure("a stored \(kind.rawValue) is not JSON: \(error)")
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
        keys = reading.keys.map { _, name, value in
            switch value {
            case .number: UniqueKey(name: name, value)
            case .text(let text): UniqueKey(name: name, value: text)
            }
        }
        if kind.reservesKeys, completeness != .part { keys = kind.resourceType.reservedKeys(of: text.bytes) + keys }
        keys.removeRepetitions()
        identifier = text.string(kind.identifierField).flatMap(UUID.init(spelling:))
        bmcIdentifier = kind == .computeNode ? Self.identifier(ofBMC: text.value(Self.bmcField)) : nil
        standingSecrets = []
        for secret in reading.secrets {
            if kind != .computeNode || !secret.pointer.hasPrefix(Self.bmcPrefix) {
                standingSecrets.append(secret.pointer)
            }
            if !secret.value.isEmpty { secrets.append(secret) }
        }
    }

    /// The document of a resource that this version of the program has stored.
    ///
    /// Stored documents are in normal form; one that cannot be read is a broken invariant and traps.
    package init(stored bytes: some Collection<UInt8>, _ kind: Kind) {
        var secrets: [(pointer: String, value: String)] = []
        guard let document = Document(reading: bytes, kind, .stored, secrets: &secrets), secrets.isEmpty else {
            preconditionFailure("a stored \(kind.rawValue) cannot be read")
        }
        self = document
    }

    private mutating func reread() { self = Document(stored: bytes, kind) }

    // MARK: Fields

    /// Of a node: its location.
    package var nodeXName: NodeXName? {
        guard kind == .computeNode, let key = keys.first(where: { $0.name == "xname" }) else { return nil }
        return switch key.number {
        case .number(let number): NodeXName(number: number)
        case .text(let text): NodeXName(normal: text)
        }
    }

    /// Of a BMC: its location.
    package var bmcXName: String? {
        get { text.string(Self.bmcXNameField) }
        set {
            text.set(Self.bmcXNameField, to: newValue.map { JSONValue.string($0).bytes[...] })
            keys.removeAll { $0.name == "xname" }
            if let newValue { keys.insert(UniqueKey(name: "xname", value: newValue), at: 0) }
        }
    }

    /// The subject of the token that created the resource; nil in a kind that does not keep it.
    package var creatorSubject: String? {
        get { kind.creatorField.flatMap { text.string($0) } }
        set {
            guard let field = kind.creatorField else { return }
            text.set(field, to: newValue.map { JSONValue.string($0).bytes[...] })
        }
    }

    /// This document without some strings.
    package func without(_ pointers: [String]) -> Document {
        var json = json
        for pointer in pointers.compactMap({ JSONPointer($0) }) { json[pointer] = nil }
        return Document(stored: json.bytes, kind)
    }

    /// This document with the fields that another one has, but its own identifier.
    package func overwritten(by other: Document) -> Document {
        var document = self
        document.text.overwrite(with: other.text, except: kind.identifierField)
        // What it is found by changes with few fields.
        if kind.reservesKeys || other.text.hasFieldToFindBy { document.reread() }
        return document
    }

    /// This document with members that a merge patch (RFC 7396) has.
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

    // MARK: BMCs of nodes

    private static let bmcPrefix = "/bmc/"

    /// The BMC that a node has in its document, of which a client may give only a part.
    package var bmc: Document? {
        guard kind == .computeNode, let json = text.value(Self.bmcField) else { return nil }
        var secrets: [(pointer: String, value: String)] = []
        guard let bmc = Document(reading: json, .bmc, .part, secrets: &secrets) else {
            preconditionFailure("the BMC of a node in normal form is in normal form")
        }
        return bmc
    }

    private static func identifier(ofBMC json: ArraySlice<UInt8>?) -> UUID? {
        json?.withUnsafeBufferPointer { json in
            // The identifier is the first field.
            let start = #"{"id":""#.utf8.count
            guard json.count > start + 36, json[2] == UInt8(ascii: "i"), json[3] == UInt8(ascii: "d") else {
                return nil
            }
            return UUID(spelling: UnsafeBufferPointer(rebasing: json[start..<start + 36]))
        }
    }

    /// Has a node refer to a BMC, of which its document has nothing but the identifier then.
    package mutating func refer(toBMC id: UUID?) {
        text.set(Self.bmcField, to: id.map { (Array(#"{"id":"#.utf8) + $0.json + [UInt8(ascii: "}")])[...] })
        bmcIdentifier = id
    }

    /// Writes a BMC into the node that has it.
    ///
    /// - Parameter bytes: The BMC's document.
    package mutating func embed(bmc id: UUID, _ bytes: [UInt8]) {
        bmcIdentifier = id
        if !text.has(Self.bmcField, bytes) { text.set(Self.bmcField, to: bytes[...]) }
    }

    /// What a new BMC that came with a node lacks, by pointers from the node.
    package var missingBMCFields: [SchemaViolation] {
        BMC.missing { index, _ in !text.has(index) }
    }

    // MARK: Places of fields

    private static let bmcField = ComputeNode.number(of: "bmc")
    private static let bmcXNameField = BMC.number(of: "xname")
}

extension JSONStructure {
    /// The number of a field.
    fileprivate static func number(of name: String) -> Int {
        guard let number = fields.firstIndex(where: { $0.name == name }) else {
            preconditionFailure("\(jsonName) has no \(name)")
        }
        return number
    }
}

extension Kind {
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

extension NodeXName {
    /// - Parameter text: An xname in normal spelling.
    fileprivate init(normal text: String) {
        do {
            try self.init(text)
        } catch {
            preconditionFailure("\(text) is no xname: \(error)")
        }
    }
}
