import DuckDB
import Foundation
import Inventory
import Schema
import Tables

/// One parameter of a search: what some fields have to be like.
package struct SearchCondition: Sendable {
    let kind: Kind
    let operand: Operand
    let comparison: Comparison

    /// What is looked at.
    enum Operand: Sendable {
        /// The values of several fields, any of which will do.
        case fields([SearchField])
        /// What the resources are called that list it.
        case lists(Membership, called: SearchField)

        fileprivate var fields: [SearchField] {
            switch self {
            case .fields(let fields): fields
            case .lists(_, let called): [called]
            }
        }
    }

    package enum Comparison: String, CaseIterable, Sendable {
        case equal = ""
        case unequal = "!"
        case greater = "[gt]"
        case greaterOrEqual = "[ge]"
        case less = "[lt]"
        case lessOrEqual = "[le]"

        /// How SQL writes it, where it compares.
        var comparator: String? {
            switch self {
            case .equal, .unequal: nil
            case .greater: ">"
            case .greaterOrEqual: ">="
            case .less: "<"
            case .lessOrEqual: "<="
            }
        }
    }

    private let acceptsAbsence: Bool
    /// Of each field, what its values have to be one of; there is one for what a list is called.
    private let choices: [Choice]

    /// What the values of a field have to be one of, in the field's spelling.
    private struct Choice: Sendable {
        var names: [String] = []
        var patterns: [SearchPattern] = []
        /// Of values whose texts are not in their order.
        var ranges: [OrderedValue.Range] = []

        /// Adds what lies before or behind a value, or in a block of addresses such as `10.9.0.0/16`.
        ///
        /// - Returns: False for what is no range, but a name.
        mutating func addRange(
            _ text: String,
            _ comparison: Comparison,
            _ field: SearchField
        ) throws(InvalidValue) -> Bool {
            guard OrderedValue.isOrdered(field.type) else { return false }
            if comparison.comparator != nil {
                let value = try field.normalSpelling(of: text)
                ranges += [OrderedValue.range(comparison, value)].compactMap(\.self)
                return true
            }
            guard text.utf8.contains(UInt8(ascii: "/")), OrderedValue.isAddress(field.type) else { return false }
            ranges.append(
                try OrderedValue.block(text) { text throws(InvalidValue) in try field.normalSpelling(of: text) }
            )
            return true
        }

        /// Whether a name can be that of a text in another form of Unicode.
        var hasComposedNames: Bool { names.contains { !$0.utf8.allSatisfy { $0 < 0x80 } } }
    }

    /// How long all patterns together may be, in bytes.
    private static let maximumPatternSize = 16 << 10

    /// - Throws: When the text does not fit the fields.
    init(_ kind: Kind, _ operand: Operand, _ comparison: Comparison, _ text: SearchText) throws(InvalidValue) {
        self.kind = kind
        self.operand = operand
        self.comparison = comparison
        acceptsAbsence = text.acceptsAbsence
        if comparison.comparator != nil {
            guard !text.acceptsAbsence else { throw InvalidValue("has null, which cannot be compared") }
            guard text.patterns.isEmpty else { throw InvalidValue("has a pattern, which cannot be compared") }
        }
        if let sign = text.setOperator, text.hasNumberSets || operand.fields.contains(where: \.isNameOfNodes) {
            throw InvalidValue(
                "has \(sign), an operator of node sets that searches do not have: write a comma for a union, and a second "
                    + "parameter with != to leave nodes out; write \\ before the sign where it is part of a name"
            )
        }
        choices = try Self.choices(of: operand.fields, comparison, text)
    }

    private static func choices(
        of fields: [SearchField],
        _ comparison: Comparison,
        _ text: SearchText
    ) throws(InvalidValue) -> [Choice] {
        var choices = fields.map { _ in Choice() }
        if let field = fields.first(where: { !$0.column.isScalar }) {
            guard text.names.isEmpty, text.patterns.isEmpty else {
                throw InvalidValue("is compared with \(field.column.isList ? "a list" : "an object"); only null is")
            }
        }
        if fields.contains(where: { $0.column == .boolean }), comparison.comparator != nil {
            throw InvalidValue("cannot be compared, since the field is true or false")
        }
        for name in text.names {
            var failure: InvalidValue?
            var isRead = false
            for (index, field) in fields.enumerated() {
                do throws(InvalidValue) {
                    if try !choices[index].addRange(name, comparison, field) {
                        choices[index].names.append(try field.normalSpelling(of: name))
                    }
                    isRead = true
                } catch {
                    failure = failure ?? error
                }
            }
            if let failure, !isRead { throw failure }
        }
        guard !text.patterns.isEmpty else { return choices }
        for (index, field) in fields.enumerated() {
            guard field.column == .text else {
                throw InvalidValue("is a pattern, which only texts match")
            }
            var size = 0
            for pattern in text.patterns {
                let patterns = field.normalSpellings(ofPattern: pattern)?.map(SearchPattern.init)
                size = (patterns ?? []).reduce(size) { $0 + $1.text.utf8.count }
                guard let patterns, size <= maximumPatternSize else {
                    throw InvalidValue("has patterns of more than \(maximumPatternSize >> 10) KiB")
                }
                choices[index].patterns += patterns
            }
        }
        return choices
    }

    /// Whether fields are asked for values and nothing else.
    var isEquality: Bool {
        guard case .fields = operand, comparison == .equal, !acceptsAbsence else { return false }
        return choices.allSatisfy { $0.patterns.isEmpty && $0.ranges.isEmpty }
    }

    /// The fields, and the values that are asked for in each.
    var values: [(field: SearchField, values: [String])] {
        guard case .fields(let fields) = operand else { return [] }
        return zip(fields, choices).map { ($0, $1.names) }
    }

    /// The kind of what lists the resources, where that is looked at.
    var otherKind: Kind? {
        guard case .lists(let membership, _) = operand else { return nil }
        return membership.kind
    }

    // MARK: SQL

    /// The condition in SQL, which is true, false or NULL.
    ///
    /// - Parameter values: What the statement's parameters stand for, so far.
    func sql(_ values: inout [SQLValue]) -> String {
        var alternatives: [String] = []
        switch operand {
        case .fields(let fields):
            for (field, choice) in zip(fields, choices) {
                guard let predicate = predicate(choice, field, &values) else { continue }
                alternatives.append(field.sql(kind, predicate))
            }
            if acceptsAbsence {
                let presence = fields.map { $0.presence(kind) }.joined(separator: " OR ")
                alternatives.append("((\(presence)) IS NOT TRUE)")
            }
        case .lists(let membership, let called):
            if let predicate = predicate(choices[0], called, &values) {
                let isCalled = predicate(membership.called.quotedIdentifier) + identifiers(of: membership.kind, &values)
                alternatives.append(Self.isListed(membership, where: isCalled))
            }
            if acceptsAbsence { alternatives.append("(\(Self.isListed(membership, where: "true")) IS NOT TRUE)") }
        }
        let condition = "(\(alternatives.joined(separator: " OR ")))"
        return comparison == .unequal ? "(\(condition) IS NOT TRUE)" : condition
    }

    /// A condition on an expression that has a value of a type; nil when no value will do.
    private func predicate(
        _ choice: Choice,
        _ field: SearchField,
        _ values: inout [SQLValue]
    ) -> ((String) -> String)? {
        let type = field.column.sql
        var conditions: [@Sendable (String) -> String] = []
        func parameter(_ value: SQLValue) -> String {
            values.append(value)
            return "$\(values.count)"
        }
        if let comparator = comparison.comparator {
            for name in choice.names {
                let value = "CAST(\(parameter(.text(name))) AS \(type))"
                conditions.append { "\(field.composed($0)) \(comparator) \(value)" }
            }
        } else if !choice.names.isEmpty {
            let names = choice.names.flatMap(field.storedSpellings)
            let isComposed = choice.hasComposedNames
            let form: @Sendable (String) -> String = { isComposed ? field.composed($0) : $0 }
            if names.count == 1 {
                let value = "CAST(\(parameter(.text(names[0]))) AS \(type))"
                conditions.append { "\(form($0)) = \(value)" }
            } else {
                let list = "CAST(\(parameter(.texts(names))) AS \(type)[])"
                conditions.append { "\(form($0)) IN (SELECT unnest(\(list)))" }
            }
        }
        let hasFamilies = field.type is IPAddress.Type
        for range in choice.ranges {
            let bounds = [range.numbers.lowerBound, range.numbers.upperBound].map {
                "CAST(\(parameter(.text(String($0)))) AS UHUGEINT)"
            }
            conditions.append { value in
                let family = hasFamilies ? " AND contains(\(value), ':') = \(!range.isIPv4)" : ""
                return "\(OrderedValue.sql(value)) BETWEEN \(bounds[0]) AND \(bounds[1])\(family)"
            }
        }
        for pattern in choice.patterns {
            let text = pattern == .any ? "" : "CAST(\(parameter(.text(pattern.text))) AS VARCHAR)"
            conditions.append { pattern.sql(pattern == .any ? $0 : field.folded("CAST(\($0) AS VARCHAR)"), text) }
        }
        guard !conditions.isEmpty else { return nil }
        return { value in "(\(conditions.map { $0(value) }.joined(separator: " OR ")))" }
    }

    /// The condition that a list that is as a condition says has the resource.
    private static func isListed(_ membership: Membership, where condition: String) -> String {
        let list = membership.list.quotedIdentifier
        let lists = "SELECT unnest(\(list)) FROM \(membership.kind.name.quotedIdentifier) WHERE \(condition)"
        return "\(membership.member.quotedIdentifier) IN (\(lists))"
    }

    /// What may be said instead of what a list is called: its identifier.
    private func identifiers(of kind: Kind, _ values: inout [SQLValue]) -> String {
        guard comparison.comparator == nil, !choices[0].names.isEmpty else { return "" }
        values.append(.texts(choices[0].names.map { UUID(spelling: $0)?.lowercased ?? $0 }))
        return " OR CAST(\(kind.identifierKey.quotedIdentifier) AS VARCHAR) IN (SELECT unnest($\(values.count)))"
    }
}

extension ColumnType {
    fileprivate var isList: Bool {
        if case .list = self { true } else { false }
    }
}
