package import Schema

/// A value that JSON writes as a string and that has one normal spelling.
///
/// Whatever spelling a client sends, the inventory stores, compares, indexes and answers `description`.
package protocol StringValue: JSONRepresentable, Hashable, CustomStringConvertible {
    /// What JSON Schema can say of the strings that this type reads.
    static var stringSchema: JSONSchema { get }

    /// Reads any accepted spelling.
    ///
    /// Everything this accepts, `stringSchema` accepts too.
    ///
    /// - Throws: ``InvalidValue`` with a message for the person who sent the text.
    init(_ text: String) throws(InvalidValue)
}

extension StringValue {
    package static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        var schema = stringSchema
        schema.check = { text in
            do throws(InvalidValue) {
                _ = try Self(text)
                return nil
            } catch {
                return error.message
            }
        }
        return schema
    }

    package init(json: JSONValue) throws(JSONDecodingError) {
        guard case .string(let text) = json else {
            throw JSONDecodingError("must be a string")
        }
        do {
            try self.init(text)
        } catch {
            throw JSONDecodingError(error.message)
        }
    }

    package func write(to writer: inout JSONWriter) {
        writer.string(description)
    }
}

/// A text that does not spell a value of the wanted type.
package struct InvalidValue: Error, Equatable, CustomStringConvertible {
    /// What is wrong with the text, as the end of a sentence that starts with where it stands.
    package var message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}
