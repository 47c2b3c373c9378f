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

    /// Reads what a value is looked for by, which may be spelled as documents may not.
    init(reference text: String) throws(InvalidValue)

    /// What the rules are called that the type got after documents had been stored without them; nil for a type that always had
    /// its rules.
    ///
    /// A stored document may have another text then than the type writes, or none of the type. It stays until it is written
    /// again; what it is found by is the key of today.
    static var laterRule: String? { get }

    /// Whether a text is surely the normal spelling of a value, so that it need not be read to be taken as it is.
    ///
    /// The answer may be false for a normal spelling, which costs only time.
    static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool

    /// A number that stands for a text of which ``isNormal(_:)`` is true, and for no other text of any type; nil for
    /// types that have none.
    static func number(_ text: UnsafeBufferPointer<UInt8>) -> UInt64?
}

extension StringValue {
    package static var shape: JSONShape { .text(Self.self) }

    package init(reference text: String) throws(InvalidValue) { try self.init(text) }

    package static var laterRule: String? { nil }

    /// Whether a text is the normal spelling of a value.
    package static func isSpelling(_ text: String) -> Bool {
        do {
            return try Self(text).description == text
        } catch {
            return false
        }
    }

    /// What a resource is found by that has a text stored.
    package static func key(ofStored text: String) -> String {
        do {
            return try Self(reference: text).description
        } catch {
            return text
        }
    }

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool { false }

    package static func number(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? { nil }

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
