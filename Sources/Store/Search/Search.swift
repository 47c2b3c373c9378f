import DuckDB
import Foundation
package import Inventory
package import Records
import Schema

/// What a client looks for among the resources of one kind, in which order, and how much of it.
package struct Search: Sendable {
    package let kind: Kind
    private var conditions: [SearchCondition] = []
    /// The order of the answer.
    package var order: SearchOrder
    /// How many resources are answered at most.
    package var limit: Int?
    /// What the answer begins behind.
    package var cursor: SearchCursor?

    /// Reads the conditions among the parameters of a query, all of which must hold.
    ///
    /// One that comes several times holds when any of its values does.
    ///
    /// - Throws: When a parameter is unknown or its value malformed; the message names it.
    package init(_ kind: Kind, parameters: [(name: String, value: String)]) throws(Refusal) {
        self.kind = kind
        order = SearchOrder(kind)
        var texts: [(name: String, parameter: SearchParameter, text: SearchText)] = []
        var room = SearchText.Room()
        for (name, value) in parameters {
            guard let parameter = SearchParameter(kind, name: name) else {
                throw Refusal(.invalid, SearchParameter.fault(of: name, kind))
            }
            let index = texts.firstIndex { $0.name == name }
            try Self.read(name, value) { () throws(InvalidValue) in
                if parameter.isFlag, index != nil { throw InvalidValue("comes twice") }
                if index == nil { texts.append((name, parameter, SearchText())) }
                let index = index ?? texts.count - 1
                if parameter.isFlag {
                    guard let isSet = Bool(value) else { throw InvalidValue("is neither true nor false") }
                    if isSet { try texts[index].text.add("null", &room) }
                } else {
                    try texts[index].text.add(value, &room)
                }
            }
        }
        // A flag that is not set asks for nothing.
        texts.removeAll { $0.parameter.isFlag && !$0.text.acceptsAbsence }
        for (name, parameter, text) in texts {
            let value = parameters.first { $0.name == name }?.value ?? ""
            try Self.read(name, value) { () throws(InvalidValue) in
                conditions.append(try SearchCondition(kind, parameter.operand, parameter.comparison, text))
            }
        }
    }

    /// What the values of a field have to be like.
    package struct Condition: Sendable {
        package let path: String
        package let comparison: SearchCondition.Comparison
        /// Of which any will do, in any spelling that the field's type reads.
        package let values: [String]
        /// Whether the absence of a value will do, too.
        package let acceptsAbsence: Bool

        package init(
            _ path: String,
            _ comparison: SearchCondition.Comparison = .equal,
            anyOf values: [String],
            orAbsent acceptsAbsence: Bool = false
        ) {
            self.path = path
            self.comparison = comparison
            self.values = values
            self.acceptsAbsence = acceptsAbsence
        }
    }

    /// - Parameter conditions: All of which must hold.
    /// - Throws: When the kind has no such field or a value does not fit it; the message names the field.
    package init(_ kind: Kind, where conditions: [Condition]) throws(Refusal) {
        self.kind = kind
        order = SearchOrder(kind)
        var room = SearchText.Room()
        for condition in conditions {
            let path = condition.path
            guard let operand = SearchParameter.operand(kind, path) else {
                throw Refusal(.invalid, "\(path) \(SearchField.fault(of: path, kind)).")
            }
            try Self.read(path, condition.values.joined(separator: ",")) { () throws(InvalidValue) in
                let text = try SearchText(
                    names: condition.values,
                    acceptsAbsence: condition.acceptsAbsence,
                    &room
                )
                self.conditions.append(try SearchCondition(kind, operand, condition.comparison, text))
            }
        }
    }

    private static func read(
        _ name: String,
        _ value: String,
        _ body: () throws(InvalidValue) -> Void
    ) throws(Refusal) {
        do throws(InvalidValue) {
            try body()
        } catch {
            let shown = value.utf8.count > 200 ? "\(value.prefix(200))…" : value
            throw Refusal(.invalid, "The value of \(name), \(shown.debugDescription), \(error.message).")
        }
    }

    /// The kinds that are read for it.
    var kinds: [Kind] { [kind] + conditions.compactMap(\.otherKind) }

    /// Whether there is no condition.
    package var hasNoConditions: Bool { conditions.isEmpty }

    /// Whether the answer is every resource of the kind, in the order of their identifiers.
    var isEverything: Bool { conditions.isEmpty && order.isByIdentifier && limit == nil && cursor == nil }

    /// The condition of a search that asks for nothing but values of fields.
    var onlyEquality: SearchCondition? {
        conditions.count == 1 && cursor == nil && conditions[0].isEquality ? conditions[0] : nil
    }

    /// A statement that selects the matching rows, with the values of its parameters.
    ///
    /// - Parameters:
    ///   - columns: What is selected of each row.
    ///   - past: Definitions that stand for the tables as they were; empty for the tables as they are.
    func statement(selecting columns: String, past: String = "") -> (sql: String, values: [SQLValue]) {
        var values: [SQLValue] = []
        var sql = filter(selecting: columns, past: past, &values)
        sql += " ORDER BY \(order.sql)"
        // One more tells that there is more.
        if let limit { sql += " LIMIT \(limit + 1)" }
        return (sql, values)
    }

    /// A statement that counts the matching rows, however many are answered.
    func countStatement(past: String = "") -> (sql: String, values: [SQLValue]) {
        var values: [SQLValue] = []
        var search = self
        search.cursor = nil
        return (search.filter(selecting: "count(*)", past: past, &values), values)
    }

    private func filter(selecting columns: String, past: String, _ values: inout [SQLValue]) -> String {
        var conditions = conditions.map { $0.sql(&values) }
        if let cursor { conditions.append(order.sql(after: cursor, &values)) }
        let filter = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
        return "\(past)SELECT \(columns) FROM \(kind.name.quotedIdentifier)\(filter)"
    }
}

/// The resources that a search has found.
package struct SearchResult: Sendable {
    /// Identifiers and resources, in the order that was asked for.
    package var resources: ResourceList
    /// What further resources come behind, where there are any.
    package var next: SearchCursor?
    /// The number of the last transaction that is seen in them.
    package var sequence: UInt64
    /// The last transaction that changed or removed anything of the kinds that were read, or an earlier one; after a start
    /// the last one there was. For the past it is the last one of all.
    package var lastChange: ChainPoint
}
