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
        if let path = Self.flags(kind)[name], let field = SearchField(kind, path: path) {
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

    private static func operand(_ kind: Kind, _ path: String) -> SearchCondition.Operand? {
        if kind == .computeNode, path == "collection" { return .collections }
        if let fields = groups[kind]?[path], !fields.isEmpty { return .fields(fields) }
        return SearchField(kind, path: path).map { .fields([$0]) }
    }

    /// What several fields have in common, by name.
    private static let groups: [Kind: [String: [SearchField]]] = Dictionary(
        uniqueKeysWithValues: Kind.allCases.map { kind in
            let addresses = SearchField.all(kind) { field, _ in
                field.type is IPv4Address.Type || field.type is IPv6Address.Type
            }
            return (kind, ["ip": addresses, "mac": SearchField.all(kind) { _, key in key == "mac" }])
        }
    )

    /// The Go service's parameters that ask for nodes without a field.
    private static func flags(_ kind: Kind) -> [String: String] {
        guard kind == .computeNode else { return [:] }
        return [
            "missingXName": "xname", "missingHostname": "hostname", "missingArch": "architecture",
            "missingBootMAC": "boot_mac", "missingBMCMAC": "bmc.mac_address", "missingIPV4": "boot_ipv4_address",
            "missingIPV6": "boot_ipv6_address",
        ]
    }

    /// The names that a message suggests.
    static func names(_ kind: Kind) -> String {
        let groups = (groups[kind] ?? [:]).filter { !$0.value.isEmpty }.keys
        let others = kind == .computeNode ? ["collection"] : []
        return
            (kind.resourceType.fields.map(\.name) + kind.resourceType.otherFieldNames.keys.sorted() + groups.sorted()
            + others
            + flags(kind).keys.sorted()).joined(separator: ", ")
    }
}
