import DuckDB
import Foundation
package import Inventory
import Records
package import Schema
import Tables

/// The order in which a search answers: by some fields, then by identifier. What is absent comes last.
package struct SearchOrder: Sendable {
    private let kind: Kind
    private let keys: [(field: SearchField, isDescending: Bool)]

    /// By identifier.
    package init(_ kind: Kind) {
        self.kind = kind
        keys = []
    }

    /// Reads the value of `sort`: paths with commas between them, each with a `-` before it for downwards.
    ///
    /// - Throws: When one is no field with one value.
    package init(_ kind: Kind, _ text: String) throws(InvalidValue) {
        self.kind = kind
        var keys: [(field: SearchField, isDescending: Bool)] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let path = part.hasPrefix("-") ? part.dropFirst() : part
            guard let field = SearchField(kind, path: String(path)) else {
                throw InvalidValue("names \(path.debugDescription), which \(SearchField.fault(of: path, kind))")
            }
            guard field.column.isScalar, field.steps.allSatisfy({ if case .member = $0 { true } else { false } }) else {
                throw InvalidValue("names \(path.debugDescription), which is not a field with a single value")
            }
            keys.append((field, path.startIndex != part.startIndex))
        }
        guard keys.count <= Self.maximumKeys else { throw InvalidValue("has more than \(Self.maximumKeys) fields") }
        self.keys = keys
    }

    private static let maximumKeys = 8

    /// Whether it is by identifier alone.
    var isByIdentifier: Bool { keys.isEmpty }

    /// What follows ORDER BY.
    var sql: String {
        let keys = keys.map {
            "\(Self.sql($0.field, $0.field.sql(kind) { $0 })) \($0.isDescending ? "DESC" : "ASC") NULLS LAST"
        }
        return (keys + [kind.identifierKey.quotedIdentifier]).joined(separator: ", ")
    }

    /// An expression in SQL that is in the order of a field's values.
    private static func sql(_ field: SearchField, _ value: String) -> String {
        OrderedValue.isOrdered(field.type) ? OrderedValue.sql(value) : value
    }

    /// Where a resource stands.
    func position(of stored: StoredResource, _ id: UUID) -> SearchCursor {
        let document = keys.isEmpty ? .null : stored.json
        return SearchCursor(values: keys.map { $0.field.values(in: document).first } + [id.lowercased])
    }

    /// The condition that a row comes after a position.
    func sql(after cursor: SearchCursor, _ values: inout [SQLValue]) -> String {
        var before = ""
        var alternatives: [String] = []
        for ((field, isDescending), value) in zip(keys, cursor.values) {
            let key = Self.sql(field, field.sql(kind) { $0 })
            guard let value else {
                before += "\(key) IS NULL AND "
                continue
            }
            values.append(.text(value))
            let limit = Self.sql(field, "CAST($\(values.count) AS \(field.column.sql))")
            alternatives.append("(\(before)(\(key) \(isDescending ? "<" : ">") \(limit) OR \(key) IS NULL))")
            before += "\(key) = \(limit) AND "
        }
        values.append(.text(cursor.id.lowercased()))
        alternatives.append("(\(before)\(kind.identifierKey.quotedIdentifier) > $\(values.count))")
        return "(\(alternatives.joined(separator: " OR ")))"
    }

    /// Reads a position that ``position(of:_:)`` gave and a client brings back.
    package func cursor(_ text: String) throws(InvalidValue) -> SearchCursor {
        guard let cursor = SearchCursor(text), cursor.values.count == keys.count + 1,
            UUID(spelling: cursor.id) != nil
        else { throw InvalidValue("is not from a page of this search") }
        do throws(InvalidValue) {
            for ((field, _), value) in zip(keys, cursor.values) {
                if let value { _ = try field.normalSpelling(of: value) }
            }
        } catch {
            throw InvalidValue("is not from a page of this search")
        }
        return cursor
    }
}

/// Where in the answer of a search a page ends: what its last resource is ordered by, and its id.
package struct SearchCursor: Sendable, CustomStringConvertible {
    fileprivate let values: [String?]

    fileprivate var id: String { (values.last ?? nil) ?? "" }

    fileprivate init(values: [String?]) {
        self.values = values
    }

    /// Reads ``description``; nil when it is not one.
    fileprivate init?(_ text: String) {
        let base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: base64 + padding),
            case .array(let elements)? = data.withUnsafeBytes({ JSONValue(orNil: $0) })
        else { return nil }
        var values: [String?] = []
        for element in elements {
            switch element {
            case .string(let value): values.append(value)
            case .null: values.append(nil)
            default: return nil
            }
        }
        self.values = values
    }

    /// As a client gets it: the values as a JSON array in base64url (RFC 4648, section 5).
    package var description: String {
        let json = JSONValue.array(values.map { $0.map { .string($0) } ?? .null })
        return Data(json.bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }
}

extension JSONValue {
    /// Nil when the bytes are not JSON.
    fileprivate init?(orNil bytes: UnsafeRawBufferPointer) {
        do {
            try self.init(parsing: bytes)
        } catch {
            return nil
        }
    }
}
