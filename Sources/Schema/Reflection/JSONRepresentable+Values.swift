extension String: JSONRepresentable {
    package static var shape: JSONShape { .string }

    package static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        JSONSchema(type: .string)
    }

    package init(json: JSONValue) throws(JSONDecodingError) {
        guard case .string(let value) = json else { throw JSONDecodingError("must be a string") }
        self = value
    }

    package func write(to writer: inout JSONWriter) {
        writer.string(self)
    }
}

extension Bool: JSONRepresentable {
    package static var shape: JSONShape { .boolean }

    package static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        JSONSchema(type: .boolean)
    }

    package init(json: JSONValue) throws(JSONDecodingError) {
        guard case .bool(let value) = json else { throw JSONDecodingError("must be true or false") }
        self = value
    }

    package func write(to writer: inout JSONWriter) {
        writer.bool(self)
    }
}

extension Int: JSONRepresentable {
    package static var shape: JSONShape { .integer }

    /// Integers of 64 bits.
    package static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        var schema = JSONSchema(type: .integer)
        schema.minimum = JSONNumber(Int.min)
        schema.maximum = JSONNumber(Int.max)
        return schema
    }

    package init(json: JSONValue) throws(JSONDecodingError) {
        guard case .number(let number) = json, let value = number.int else {
            throw JSONDecodingError("must be an integer of 64 bits")
        }
        self = value
    }

    package func write(to writer: inout JSONWriter) {
        writer.integer(self)
    }
}

extension Double: JSONRepresentable {
    package static var shape: JSONShape { .number }

    package static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        JSONSchema(type: .number)
    }

    package init(json: JSONValue) throws(JSONDecodingError) {
        guard case .number(let number) = json, number.double.isFinite else {
            throw JSONDecodingError("must be a number in the range of a double")
        }
        self = number.double
    }

    package func write(to writer: inout JSONWriter) {
        writer.number(JSONNumber(self))
    }
}

extension Array: JSONRepresentable where Element: JSONRepresentable {
    package static var shape: JSONShape { .list(Element.self) }

    package static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        var schema = JSONSchema(type: .array)
        schema.items = Element.jsonSchema(in: &definitions)
        return schema
    }

    package init(json: JSONValue) throws(JSONDecodingError) {
        guard case .array(let elements) = json else { throw JSONDecodingError("must be an array") }
        self = []
        reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            do throws(JSONDecodingError) {
                append(try Element(json: element))
            } catch {
                throw error.within(String(index))
            }
        }
    }

    package func write(to writer: inout JSONWriter) {
        writer.beginArray()
        for element in self { element.write(to: &writer) }
        writer.endArray()
    }
}

/// An object whose members all hold strings.
package typealias StringMap = JSONMap<String>

extension JSONMap: JSONRepresentable where Value: JSONRepresentable {
    package static var shape: JSONShape { .map(Value.self) }

    package static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        var schema = JSONSchema(type: .object)
        schema.additionalProperties = Value.jsonSchema(in: &definitions)
        return schema
    }

    package init(json: JSONValue) throws(JSONDecodingError) {
        self.init()
        for member in try json.members() {
            do throws(JSONDecodingError) {
                self[member.key] = try Value(json: member.value)
            } catch {
                throw error.within(member.key)
            }
        }
    }

    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        for member in self {
            writer.key(member.key)
            member.value.write(to: &writer)
        }
        writer.endObject()
    }
}

/// An object that no schema describes; it comes back as it was sent.
package struct FreeFormObject: JSONRepresentable, Hashable {
    /// The members.
    package var object: JSONObject

    package static var shape: JSONShape { .freeForm }

    /// Creates one of its members.
    package init(_ object: JSONObject) {
        self.object = object
    }

    package static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        JSONSchema(type: .object)
    }

    package init(json: JSONValue) throws(JSONDecodingError) {
        object = try json.members()
    }

    package func write(to writer: inout JSONWriter) {
        writer.value(.object(object))
    }
}

/// Strings of which only some are allowed.
package protocol JSONEnumeration: JSONRepresentable, RawRepresentable<String>, CaseIterable {
    /// What the values are about.
    static var documentation: String? { get }
}

extension JSONEnumeration {
    package static var shape: JSONShape { .choice(allCases.map(\.rawValue)) }

    package static var documentation: String? { nil }

    package static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        JSONSchema(
            title: String(describing: Self.self),
            description: documentation,
            type: .string,
            enum: allCases.map { .string($0.rawValue) }
        )
    }

    package init(json: JSONValue) throws(JSONDecodingError) {
        guard case .string(let text) = json, let value = Self(rawValue: text) else {
            throw JSONDecodingError("must be one of \(Self.allCases.map(\.rawValue.quoted).joined(separator: ", "))")
        }
        self = value
    }

    package func write(to writer: inout JSONWriter) {
        writer.string(rawValue)
    }
}
