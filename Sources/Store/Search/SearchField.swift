import DuckDB
import Foundation
import Inventory
import Schema
import Tables

/// A field of a kind by its path, such as `bmc.xname` or `network_interfaces.mac_address`.
struct SearchField: Sendable {
    /// The way from the resource to the value.
    let steps: [Step]
    /// The type of the value.
    let type: any JSONRepresentable.Type
    let column: ColumnType
    /// How resources are found by a value.
    let access: Access

    enum Step: Equatable, Sendable {
        case member(String)
        /// Of a map.
        case key(String)
        /// Any element of a list.
        case elements
    }

    /// Finds a field by the names on the way to it, joined by dots; nil when the kind has no such field, or a secret one: whoever
    /// may search could find out by it what is stored.
    ///
    /// What follows the name of a map is one of its keys.
    init?(_ kind: Kind, path: String) {
        var steps: [Step] = []
        var type: any JSONRepresentable.Type = kind.resourceType
        var column = ColumnType.structure(ResourceTable.of(kind).columns)
        var names: [String] = []
        var rest = (kind.resourceType.otherFieldNames[path] ?? path).split(
            separator: ".",
            omittingEmptySubsequences: false
        )[...]
        guard !path.utf8.contains(0) else { return nil }
        while let name = rest.first {
            if case .list(let element) = column {
                steps.append(.elements)
                (type, column) = (type.elementType ?? type, element)
            }
            switch column {
            case .structure(let columns):
                guard let found = columns.first(where: { $0.name == name }),
                    let structure = type as? any JSONStructure.Type,
                    let field = structure.fields.first(where: { $0.name == name }), !field.isSecret
                else { return nil }
                steps.append(.member(field.name))
                names.append(field.name)
                (type, column) = (field.type, found.type)
                rest = rest.dropFirst()
            case .map(let value):
                steps.append(.key(rest.joined(separator: ".")))
                names += rest.map(String.init)
                (type, column) = (type.elementType ?? type, value)
                rest = []
            default: return nil
            }
        }
        if case .list(let element) = column, element.isScalar {
            steps.append(.elements)
            (type, column) = (type.elementType ?? type, element)
        }
        self.steps = steps
        self.type = type
        self.column = column
        access = Self.access(kind, names)
    }

    /// Why there is no field at a path, as the end of a sentence about the path.
    static func fault(of path: some StringProtocol, _ kind: Kind) -> String {
        isSecret(path, kind) ? "is secret" : "is not a field of \(kind.name)"
    }

    /// Whether a path leads to a secret.
    static func isSecret(_ path: some StringProtocol, _ kind: Kind) -> Bool {
        var type: any JSONRepresentable.Type = kind.resourceType
        for name in (kind.resourceType.otherFieldNames[String(path)] ?? String(path)).split(separator: ".") {
            guard let structure = (type.elementType ?? type) as? any JSONStructure.Type,
                let field = structure.fields.first(where: { $0.name == name })
            else { return false }
            if field.isSecret { return true }
            type = field.type
        }
        return false
    }

    /// The fields of a resource itself, and of the elements of its own lists, that are as a condition says.
    static func all(
        _ kind: Kind,
        where condition: (_ field: JSONField, _ uniqueKey: String?) -> Bool
    ) -> [SearchField] {
        func fields(of type: any JSONStructure.Type, _ path: String, key: (field: String?, name: String?))
            -> [SearchField]
        {
            type.fields.flatMap { field -> [SearchField] in
                let unique = path.isEmpty ? field.uniqueKey : key.field == field.name ? key.name : nil
                if field.uniqueElementKey == nil, condition(field, unique) {
                    return [SearchField(kind, path: path + field.name)].compactMap(\.self)
                }
                guard let element = field.type.elementType as? any JSONStructure.Type else { return [] }
                return fields(of: element, "\(path)\(field.name).", key: (field.uniqueElementKey, field.uniqueKey))
            }
        }
        return fields(of: kind.resourceType, "", key: (nil, nil))
    }

    // MARK: Values

    /// A value in the spelling in which documents have it.
    func normalSpelling(of text: String) throws(InvalidValue) -> String {
        switch column {
        case .integer:
            guard let number = Int(text), text.utf8.first != UInt8(ascii: "+") else {
                throw InvalidValue("is not an integer of 64 bits")
            }
            return String(number)
        case .double:
            guard let number = Double(text), number.isFinite else { throw InvalidValue("is not a number") }
            return String(number)
        case .boolean:
            guard text == "true" || text == "false" else { throw InvalidValue("is neither true nor false") }
            return text
        default:
            switch type.shape {
            case .text(let type):
                guard case .string(let normal) = try type.init(reference: text).json else { return text }
                return isFreeText ? normal.precomposedStringWithCanonicalMapping : normal
            case .choice(let names):
                guard let name = names.first(where: { $0 == text || $0.lowercased() == text.lowercased() }) else {
                    throw InvalidValue("is not one of \(names.joined(separator: ", "))")
                }
                return name
            default: return text.precomposedStringWithCanonicalMapping
            }
        }
    }

    /// Whether the values are what hostlists stand for: host names and xnames.
    var isNameOfNodes: Bool {
        switch type {
        case is NodeXName.Type, is BMCXName.Type, is ComponentXName.Type: true
        default: steps.last == .member("hostname")
        }
    }

    /// The texts of stored documents that are a value: its normal spelling, and those that earlier versions had.
    func storedSpellings(of normal: String) -> [String] {
        type is ComponentXName.Type ? ComponentXName.storedSpellings(of: normal) : [normal]
    }

    /// The patterns for the texts of documents that a pattern comes to; nil for too many.
    func normalSpellings(ofPattern pattern: SearchText.Pattern) -> [SearchText.Pattern]? {
        switch type {
        case is MACAddress.Type, is InterfaceAddress.Type: return HardwareAddressPattern.normalSpellings(of: pattern)
        case is NodeXName.Type, is BMCXName.Type, is ComponentXName.Type:
            return [XNamePattern.normalSpelling(of: pattern)]
        case is IPv4Address.Type, is IPv6Address.Type, is IPAddress.Type, is UUID.Type:
            return [pattern.mapTexts { $0.lowercased() }]
        default:
            if case .choice = type.shape { return [pattern.mapTexts { $0.lowercased() }] }
            return [pattern.mapTexts(\.precomposedStringWithCanonicalMapping)]
        }
    }

    /// An expression in SQL that has a value, in the one form of those that documents may have of it which patterns are for.
    func folded(_ value: String) -> String {
        switch type.shape {
        case .choice: "lower(\(value))"
        default: composed(value)
        }
    }

    /// An expression in SQL that has a text in the one form of Unicode that values of searches have; DuckDB leaves ASCII as it is.
    func composed(_ value: String) -> String {
        isFreeText ? "nfc_normalize(\(value))" : value
    }

    /// Whether documents have texts as they were sent.
    private var isFreeText: Bool {
        if case .string = type.shape { true } else { type is any NameValue.Type }
    }

    /// The values that a document has at the path, as texts.
    func values(in document: JSONValue) -> [String] {
        var values = [document]
        for step in steps {
            values = values.flatMap { value -> [JSONValue] in
                switch (step, value) {
                case (.member(let name), .object(let object)), (.key(let name), .object(let object)):
                    [object[name]].compactMap(\.self)
                case (.elements, .array(let elements)): elements
                default: []
                }
            }
        }
        return values.map { value in
            switch value {
            case .string(let text): text
            default: value.text
            }
        }
    }

    // MARK: SQL

    /// The condition that there is something at the path; where that is a list, it may be empty.
    func presence(_ kind: Kind) -> String {
        let steps = steps.last == .elements ? steps.dropLast() : steps
        return Self.sql(kind, steps[...]) { "\($0) IS NOT NULL" }
    }

    /// The condition that some value at the path is as another condition says.
    ///
    /// - Parameter predicate: A condition on an expression that has the value.
    func sql(_ kind: Kind, _ predicate: (String) -> String) -> String {
        Self.sql(kind, steps[...], predicate)
    }

    private static func sql(_ kind: Kind, _ steps: ArraySlice<Step>, _ predicate: (String) -> String) -> String {
        let identifier = kind.identifierKey.quotedIdentifier
        var source = kind.name.quotedIdentifier
        var value: String?
        for step in steps {
            switch step {
            case .member(let name):
                value = value.map { "struct_extract(\($0), \(name.quotedLiteral))" } ?? name.quotedIdentifier
            case .key(let key): value = "\(value ?? "")[\(key.quotedLiteral)]"
            case .elements:
                source = "(SELECT \(identifier), unnest(\(value ?? "")) AS element FROM \(source))"
                value = "element"
            }
        }
        let condition = predicate(value ?? "")
        if !steps.contains(.elements) { return condition }
        return "\(identifier) IN (SELECT \(identifier) FROM \(source) WHERE \(condition))"
    }
}

extension ColumnType {
    /// Whether it is a single value.
    var isScalar: Bool {
        switch self {
        case .text, .timestamp, .boolean, .integer, .double: true
        case .freeForm, .list, .structure, .map: false
        }
    }
}
