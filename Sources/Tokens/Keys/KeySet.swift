import Schema

/// The keys of an issuer of tokens, by their names: a set of JSON Web Keys (RFC 7517, section 5) without those that cannot be
/// used.
package struct KeySet: Sendable {
    /// The most that is read of a set, in bytes.
    package static let maximumSize = 1 << 20
    /// How many keys are used of a set.
    package static let maximumCount = 100

    /// A key that is not used.
    package struct Skipped: Sendable, Equatable {
        /// The place in the set, from 0.
        package let index: Int
        /// The name of the key; nil where it has none.
        package let kid: String?
        /// Why it is not used; the end of a sentence about the key.
        package let reason: String
    }

    // By the bytes of their names, since strings are equal that are not the same.
    private var keys: [[UInt8]: VerificationKey] = [:]
    /// The keys that are not used, in their order.
    package private(set) var skipped: [Skipped] = []

    /// A set without keys.
    package init() {}

    /// Reads a set.
    ///
    /// - Parameter json: The text of the set, of which the rest is used where a key cannot be.
    /// - Throws: ``KeySetError`` when it is no set at all, or larger than ``maximumSize``.
    package init(json: [UInt8]) throws(KeySetError) {
        guard json.count <= Self.maximumSize else {
            throw KeySetError("they are larger than \(Self.maximumSize) bytes")
        }
        let value: JSONValue
        do throws(JSONParseError) {
            value = try JSONValue(parsing: json, maximumDepth: Self.maximumDepth)
        } catch {
            throw KeySetError("they are not JSON: \(error)")
        }
        guard case .array(let elements)? = value["keys"] else {
            throw KeySetError(#"they are no object with a list "keys" (RFC 7517, section 5)"#)
        }
        for (index, element) in elements.enumerated() { add(element, at: index) }
    }

    /// How many arrays and objects may lie in each other.
    private static let maximumDepth = 16

    private mutating func add(_ element: JSONValue, at index: Int) {
        do throws(UnusableKey) {
            guard keys.count < Self.maximumCount else { throw UnusableKey("there are \(Self.maximumCount) before it") }
            let key = try VerificationKey(jwk: element)
            guard keys[Array(key.kid.utf8)] == nil else { throw UnusableKey("another one before it has the same kid") }
            keys[Array(key.kid.utf8)] = key
        } catch {
            skipped.append(Skipped(index: index, kid: element["kid"]?.string, reason: error.reason))
        }
    }

    /// The key of a name; nil where there is none.
    package subscript(kid: String) -> VerificationKey? { keys[Array(kid.utf8)] }

    /// How many keys can be used.
    package var count: Int { keys.count }

    /// Whether the same keys can be used as those of another set.
    func hasSameKeys(as other: KeySet) -> Bool {
        keys.mapValues(\.jwk) == other.keys.mapValues(\.jwk)
    }
}

/// Why a text is no set of keys.
package struct KeySetError: Error, Equatable, CustomStringConvertible {
    /// The end of a sentence about the keys.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
