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
        if let path = kind.resourceType.absenceNames[name], let field = SearchField(kind, path: path) {
            (operand, comparison, isFlag) = (.fields([field]), .equal, true)
            return
        }
        var path = name[...]
        var comparison = SearchCondition.Comparison.equal
        for candidate in SearchCondition.Comparison.allCases
        where candidate != .equal && name.hasSuffix(candidate.rawValue) {
            (path, comparison) = (name.dropLast(candidate.rawValue.count), candidate)
        }
        guard let operand = Self.operand(kind, String(path)) else { return nil }
        self.operand = operand
        self.comparison = comparison
    }

    /// What a path, or another name, asks about.
    static func operand(_ kind: Kind, _ path: String) -> SearchCondition.Operand? {
        if let membership = kind.resourceType.membership, path == membership.name { return .lists(membership) }
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
    static func names(_ kind: Kind) -> String {
        let groups = (groups[kind] ?? [:]).filter { !$0.value.isEmpty }.keys
        let type = kind.resourceType
        let names =
            type.fields.map(\.name) + type.otherFieldNames.keys.sorted() + groups.sorted()
            + [type.membership?.name].compactMap(\.self) + type.absenceNames.keys.sorted()
        return names.joined(separator: ", ")
    }
}
