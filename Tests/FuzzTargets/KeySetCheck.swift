import Schema
import Tokens

/// Of a set of keys each is used or skipped, and those that are used verify public signatures only.
enum KeySetCheck {
    @Sendable static func check(_ bytes: [UInt8]) throws {
        let set: KeySet
        do throws(KeySetError) {
            set = try KeySet(json: bytes)
        } catch {
            return
        }
        let json = try JSONValue(parsing: bytes)
        guard case .array(let elements)? = json["keys"] else { throw Finding("a set without keys") }
        let skipped = set.skipped.map(\.index)
        try Finding.unless(
            skipped == skipped.sorted() && Set(skipped).count == skipped.count
                && set.count + skipped.count == elements.count && set.count <= KeySet.maximumCount,
            "of \(elements.count) keys \(set.count) are used, and skipped \(skipped)"
        )
        for (index, element) in elements.enumerated() where !skipped.contains(index) {
            guard case .string(let kid)? = element["kid"], let key = set[kid] else {
                throw Finding("key \(index) is lost")
            }
            try Finding.unless(
                key.kid.utf8.elementsEqual(kid.utf8) && !key.algorithms.isEmpty && !key.algorithms.contains(.hs256)
                    && element["k"] == nil && element["d"] == nil,
                "key \(index) verifies \(key.algorithms)"
            )
        }
        let again = try KeySet(json: json.bytes)
        try Finding.unless(
            again.count == set.count && again.skipped == set.skipped,
            "the set is another one, written again"
        )
    }
}
