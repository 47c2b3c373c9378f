/// What can be the value of a keyword.
protocol SchemaKeywordValue: Sendable {
    /// Reads the value; throws where it has not the form that the keyword asks for.
    init(json: JSONValue, at pointer: JSONPointer) throws(JSONSchemaError)
    var json: JSONValue { get }
}

extension JSONValue: SchemaKeywordValue {
    init(json: JSONValue, at pointer: JSONPointer) {
        self = json
    }

    var json: JSONValue { self }
}

extension Bool: SchemaKeywordValue {
    init(json: JSONValue, at pointer: JSONPointer) throws(JSONSchemaError) {
        guard case .bool(let value) = json else {
            throw JSONSchemaError(pointer: pointer, message: "must be true or false")
        }
        self = value
    }
}

extension String: SchemaKeywordValue {
    init(json: JSONValue, at pointer: JSONPointer) throws(JSONSchemaError) {
        guard case .string(let value) = json else {
            throw JSONSchemaError(pointer: pointer, message: "must be a string")
        }
        self = value
    }
}

extension Int: SchemaKeywordValue {
    init(json: JSONValue, at pointer: JSONPointer) throws(JSONSchemaError) {
        guard case .number(let number) = json, let value = number.int, value >= 0 else {
            throw JSONSchemaError(pointer: pointer, message: "must be an integer that is not negative")
        }
        self = value
    }
}

extension JSONNumber: SchemaKeywordValue {
    init(json: JSONValue, at pointer: JSONPointer) throws(JSONSchemaError) {
        guard case .number(let value) = json else {
            throw JSONSchemaError(pointer: pointer, message: "must be a number")
        }
        self = value
    }

    var json: JSONValue { .number(self) }
}

extension JSONType: SchemaKeywordValue {
    init(json: JSONValue, at pointer: JSONPointer) throws(JSONSchemaError) {
        guard case .string(let name) = json, let type = JSONType(rawValue: name) else {
            throw JSONSchemaError(pointer: pointer, message: "must be the name of a JSON type")
        }
        self = type
    }

    var json: JSONValue { .string(rawValue) }
}

extension Array: SchemaKeywordValue where Element: SchemaKeywordValue {
    /// Reads a list, or for `type` a single name.
    init(json: JSONValue, at pointer: JSONPointer) throws(JSONSchemaError) {
        guard case .array(let elements) = json else {
            guard Element.self == JSONType.self else {
                throw JSONSchemaError(pointer: pointer, message: "must be an array")
            }
            self = [try Element(json: json, at: pointer)]
            return
        }
        self = []
        for (index, element) in elements.enumerated() {
            append(try Element(json: element, at: pointer.appending(index)))
        }
    }

    var json: JSONValue {
        if count == 1, let type = self[0] as? JSONType { return type.json }
        return .array(map(\.json))
    }
}

extension JSONMap: SchemaKeywordValue where Value: SchemaKeywordValue {
    init(json: JSONValue, at pointer: JSONPointer) throws(JSONSchemaError) {
        guard case .object(let object) = json else {
            throw JSONSchemaError(pointer: pointer, message: "must be an object")
        }
        self.init()
        for member in object {
            self[member.key] = try Value(json: member.value, at: pointer.appending(member.key))
        }
    }

    var json: JSONValue { .object(mapValues(\.json)) }
}
