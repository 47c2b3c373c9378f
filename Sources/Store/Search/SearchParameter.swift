import DuckDB
import Inventory

/// A parameter of the Go service's search.
struct SearchParameter: Sendable {
    /// The condition in SQL, with a `?` for the value where it compares one.
    let condition: String
    /// Reads the value from the query; nil where it asks for nothing.
    let read: @Sendable (String) throws(InvalidValue) -> String?

    /// Whether the condition has a place for the value.
    var comparesValue: Bool { condition.contains("?") }

    /// The parameters of a kind, by name.
    static func of(_ kind: Kind) -> [String: SearchParameter] {
        switch kind {
        case .computeNode: computeNode
        case .nodeCollection: nodeCollection
        case .bmc, .component: [:]
        }
    }

    private static let computeNode: [String: SearchParameter] = [
        "xname": .value(NodeXName.self, "xname = ?"),
        "hostname": .text("hostname = ?"),
        "arch": .text("architecture = ?"),
        "architecture": .text("architecture = ?"),
        "boot_mac": .value(MACAddress.self, "boot_mac = ?"),
        "bmc_mac": .value(MACAddress.self, "bmc.mac_address = ?"),
        "missingXName": .flag("xname IS NULL"),
        "missingHostname": .flag("hostname IS NULL"),
        "missingArch": .flag("architecture IS NULL"),
        "missingBootMAC": .flag("boot_mac IS NULL"),
        "missingBMCMAC": .flag("bmc.mac_address IS NULL"),
        "missingIPV4": .flag("boot_ipv4_address IS NULL"),
        "missingIPV6": .flag("boot_ipv6_address IS NULL"),
    ]

    private static let nodeCollection: [String: SearchParameter] = [
        "name": .text("name = ?"),
        "type": .collectionType("type = ?"),
        "node": .value(NodeXName.self, "list_contains(nodes, ?)"),
    ]

    private static func text(_ condition: String) -> SearchParameter {
        SearchParameter(condition: condition) { $0 }
    }

    private static func collectionType(_ condition: String) -> SearchParameter {
        SearchParameter(condition: condition) { (text) throws(InvalidValue) in
            guard NodeCollectionType(rawValue: text) != nil else {
                let names = NodeCollectionType.allCases.map(\.rawValue).joined(separator: ", ")
                throw InvalidValue("is none of \(names)")
            }
            return text
        }
    }

    /// A parameter whose values have a normal spelling.
    private static func value<Value: StringValue>(_ type: Value.Type, _ condition: String) -> SearchParameter {
        SearchParameter(condition: condition) { (text) throws(InvalidValue) in try Value(text).description }
    }

    /// A parameter that says `true` or `false`.
    private static func flag(_ condition: String) -> SearchParameter {
        SearchParameter(condition: condition) { (text) throws(InvalidValue) in
            switch text {
            case "true": text
            case "false": nil
            default: throw InvalidValue("is neither true nor false")
            }
        }
    }
}
