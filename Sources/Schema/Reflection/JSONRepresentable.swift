/// A type whose values are JSON of a form that a schema describes.
package protocol JSONRepresentable: Sendable {
    /// The schema of the type; a structure adds itself to the definitions and returns a reference to that.
    static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema

    /// Reads a value from JSON that satisfies the schema.
    ///
    /// - Throws: where the JSON has not even the type that the schema asks for.
    init(json: JSONValue) throws(JSONDecodingError)

    /// Writes the value, in its normal form, as one JSON value.
    func write(to writer: inout JSONWriter)

    /// What JSON the values are.
    static var shape: JSONShape { get }
}

extension JSONRepresentable {
    /// The type of the elements of a list or of the values of a map; nil for other types.
    package static var elementType: (any JSONRepresentable.Type)? {
        switch shape {
        case .list(let element), .distinctList(let element), .map(let element): element
        default: nil
        }
    }

    /// The value as a JSON tree.
    package var json: JSONValue {
        var writer = JSONWriter()
        write(to: &writer)
        do {
            return try JSONValue(parsing: writer.bytes)
        } catch {
            preconditionFailure("\(Self.self) wrote what is not JSON: \(error)")
        }
    }
}

/// Why JSON cannot be read as a type, and where.
package struct JSONDecodingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The place, as seen from the value that was read.
    package let pointer: JSONPointer
    /// What is wrong.
    package let message: String

    /// Creates an error about the value itself or a place within it.
    package init(_ message: String, at pointer: JSONPointer = JSONPointer()) {
        self.pointer = pointer
        self.message = message
    }

    package var description: String { "at \"\(pointer)\": \(message)" }

    /// The same error as seen from the object or array around the value.
    package func within(_ key: String) -> JSONDecodingError {
        JSONDecodingError(message, at: pointer.within(key))
    }
}

extension JSONValue {
    /// The members of an object.
    ///
    /// - Throws: when the value is not an object.
    package func members() throws(JSONDecodingError) -> JSONObject {
        guard case .object(let object) = self else { throw JSONDecodingError("must be an object") }
        return object
    }
}

/// The structures that schemas of one document refer to.
package struct SchemaDefinitions: Sendable {
    /// The definitions so far, by name.
    package private(set) var schemas = JSONMap<JSONSchema>()

    /// Creates an empty list.
    package init() {}

    /// A reference to a definition, which is built when it is referred to for the first time.
    package mutating func reference(
        to name: String,
        build: (inout SchemaDefinitions) -> JSONSchema
    ) -> JSONSchema {
        if schemas[name] == nil {
            schemas[name] = true
            schemas[name] = build(&self)
        }
        return JSONSchema(ref: "#/$defs/\(name)")
    }
}
