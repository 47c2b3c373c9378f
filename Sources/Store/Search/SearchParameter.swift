import Inventory
import Schema

/// What a parameter of a search asks about, and how.
struct SearchParameter {
    let operand: SearchCondition.Operand
    let comparison: SearchCondition.Comparison
    /// Whether it asks for absence by saying `true`, as the Go service's parameters `missing…` do.
    var isFlag = false

    /// Reads a parameter's name: a field's path, or another name, and how the value is compared; nil when the kind
    /// has no such parameter.
    init?(_ kind: Kind, name: String) {
        if let field = Self.flags[kind.number][name] {
            (operand, comparison, isFlag) = (.fields([field]), .equal, true)
            return
        }
        let (path, comparison) = Self.parts(of: name)
        guard let operand = Self.operand(kind, String(path)) else { return nil }
        self.operand = operand
        self.comparison = comparison
    }

    /// The path, or another name, that a parameter's name begins with, and how that is compared.
    private static func parts(of name: String) -> (path: Substring, comparison: SearchCondition.Comparison) {
        var parts = (path: name[...], comparison: SearchCondition.Comparison.equal)
        for candidate in SearchCondition.Comparison.allCases
        where candidate != .equal && name.hasSuffix(candidate.rawValue) {
            parts = (name.dropLast(candidate.rawValue.count), candidate)
        }
        return parts
    }

    /// Why a kind has no parameter of a name.
    static func fault(of name: String, _ kind: Kind) -> String {
        let (path, _) = parts(of: name)
        let reason = SearchField.isSecret(path, kind) ? ", which is secret" : ""
        return
            "The search of \(kind.name) has no parameter \(name)\(reason); it has paths of fields and \(names(kind))."
    }

    /// The fields whose absence parameters ask for, by the number of the kind.
    private static let flags = Kind.allCases.map { kind in
        kind.resourceType.absenceNames.compactMapValues { SearchField(kind, path: $0) }
    }

    /// What a path, or another name, asks about.
    static func operand(_ kind: Kind, _ path: String) -> SearchCondition.Operand? {
        known[kind.number][path] ?? readOperand(kind, path)
    }

    /// What the names ask about that are known before anybody has asked, by the number of the kind: to read them takes longer than
    /// to find a resource.
    private static let known = Kind.allCases.map { kind in
        let type = kind.resourceType
        let paths = type.fields.flatMap { field in
            let inner = (field.type.elementType ?? field.type) as? any JSONStructure.Type
            return [field.name] + (inner?.fields ?? []).map { "\(field.name).\($0.name)" }
        }
        let names = Set(paths + Array(type.otherFieldNames.keys) + Array((groups[kind] ?? [:]).keys))
        return Dictionary(
            uniqueKeysWithValues: names.compactMap { name in readOperand(kind, name).map { (name, $0) } }
        )
    }

    private static func readOperand(_ kind: Kind, _ path: String) -> SearchCondition.Operand? {
        if let membership = kind.resourceType.membership, path == membership.name {
            return SearchField(membership.kind, path: membership.called).map { .lists(membership, called: $0) }
        }
        if let fields = groups[kind]?[path], !fields.isEmpty { return .fields(fields) }
        return SearchField(kind, path: path).map { .fields([$0]) }
    }

    /// What several fields have in common, by name.
    private static let groups: [Kind: [String: [SearchField]]] = Dictionary(
        uniqueKeysWithValues: Kind.allCases.map { kind in
            let addresses = SearchField.all(kind) { field, _ in
                field.type is IPv4Address.Type || field.type is IPv6Address.Type || field.type is IPAddress.Type
            }
            return (kind, ["ip": addresses, "mac": SearchField.all(kind) { _, key in key == "mac" }])
        }
    )

    /// The names that a message suggests.
    private static func names(_ kind: Kind) -> String {
        let groups = (groups[kind] ?? [:]).filter { !$0.value.isEmpty }.keys
        let type = kind.resourceType
        let names =
            type.fields.filter { !$0.isSecret }.map(\.name) + type.otherFieldNames.keys.sorted() + groups.sorted()
            + [type.membership?.name].compactMap(\.self) + type.absenceNames.keys.sorted()
        return names.joined(separator: ", ")
    }
}
