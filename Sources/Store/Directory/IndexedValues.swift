import Foundation
import Inventory

/// How the hashes of a document's indexed values differ from those of the one before.
struct HashDifference {
    private(set) var removed: [UInt32]
    private(set) var added: [UInt32]

    /// - Parameters:
    ///   - old: The document before; nil where there is none.
    ///   - new: The document after; nil where there is none.
    init(_ kind: Kind, from old: [UInt8]?, to new: [UInt8]?) {
        let before = old.map { kind.indexedHashes(of: $0) } ?? []
        let after = new.map { kind.indexedHashes(of: $0) } ?? []
        removed = before.without(after)
        added = after.without(before)
    }
}

extension [UInt32] {
    /// The numbers that another list does not have; both are in order, and have each number once.
    ///
    /// - Complexity: O(*n*).
    fileprivate func without(_ others: [UInt32]) -> [UInt32] {
        guard !isEmpty, !others.isEmpty else { return self }
        var place = 0
        return filter { number in
            while place < others.count, others[place] < number { place += 1 }
            return place == others.count || others[place] != number
        }
    }
}

extension Kind {
    /// The hashes of the values that a stored document has in indexed fields, each once, in order.
    func indexedHashes(of document: [UInt8]) -> [UInt32] {
        var hashes: [UInt32] = []
        forEachIndexedValue(of: document) { path, value in hashes.append(Self.indexedHash(of: value, at: path)) }
        guard hashes.count > 1 else { return hashes }
        hashes.sort()
        var count = 1
        for index in 1..<hashes.count where hashes[index] != hashes[count - 1] {
            hashes[count] = hashes[index]
            count += 1
        }
        hashes.removeLast(hashes.count - count)
        return hashes
    }

    /// A hash of a value in an indexed field, another one in each process.
    ///
    /// - Parameters:
    ///   - value: Its JSON.
    ///   - path: The number of the field's path.
    static func indexedHash(of value: UnsafeBufferPointer<UInt8>, at path: Int) -> UInt32 {
        var hasher = Hasher()
        hasher.combine(path)
        if value.allSatisfy({ $0 < 0x80 }) {
            hasher.combine(bytes: UnsafeRawBufferPointer(value))
        } else {
            // The same in any form of Unicode.
            var composed = String(decoding: value, as: UTF8.self).precomposedStringWithCanonicalMapping
            composed.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }

    /// Whether a stored document has a value in an indexed field.
    func has(_ value: [UInt8], at path: Int, in document: [UInt8]) -> Bool {
        var isThere = false
        forEachIndexedValue(of: document) { other, found in
            guard other == path else { return }
            if found.elementsEqual(value)
                || String(decoding: found, as: UTF8.self) == String(decoding: value, as: UTF8.self)
            {
                isThere = true
            }
        }
        return isThere
    }
}
