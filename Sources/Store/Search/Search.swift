import DuckDB
import Foundation
package import Inventory

/// Conditions on the fields of one kind, all of which must hold.
package struct Search: Sendable {
    package let kind: Kind
    private var conditions: [String] = []
    /// The values that the conditions compare with, in their order.
    private(set) var values: [SQLValue] = []

    /// Reads the parameters of a query.
    ///
    /// - Throws: When a parameter is unknown or its value malformed; the message names it.
    package init(_ kind: Kind, parameters: [(name: String, value: String)]) throws(Refusal) {
        self.kind = kind
        for (name, value) in parameters {
            guard let parameter = SearchParameter.of(kind)[name] else {
                let known = SearchParameter.of(kind).keys.sorted().joined(separator: ", ")
                let hint = known.isEmpty ? "it has none" : "it has \(known)"
                throw Refusal(.invalid, "The search of \(kind.rawValue) has no parameter \(name); \(hint).")
            }
            do throws(InvalidValue) {
                if let value = try parameter.read(value) {
                    conditions.append(parameter.condition)
                    if parameter.comparesValue { values.append(.text(value)) }
                }
            } catch {
                throw Refusal(.invalid, "The value of \(name), \(value.debugDescription), \(error.message).")
            }
        }
    }

    /// Whether every resource of the kind matches.
    package var matchesAll: Bool { conditions.isEmpty }

    /// Selects the rows of the matching resources, in the order of their identifiers.
    var sql: String {
        let table = kind.rawValue.quotedIdentifier
        let identifier = kind.identifierKey.quotedIdentifier
        return "SELECT * FROM \(table) WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(identifier)"
    }
}
