import CSystemShims
import Crypto
import Foundation
import Inventory
import Schema

/// What tells a sequence of transactions from any other: a hash of the last one and of the hash before it.
///
/// The first 128 bits of the SHA-256 of the hash before and of the length and CRC32C of a line's content: what it says
/// without its checksum, its own hash, and `synced`, which is another one on each server. The hash tells pasts apart; it is
/// no seal against who writes to the folder, and SHA-256 of all content would cost a write a tenth more.
package struct ChainHash: Hashable, Sendable, CustomStringConvertible {
    private let bits: Hash128

    /// What the first transaction goes on from.
    package static let beginning = ChainHash(bits: Hash128(high: 0, low: 0))

    /// How many hexadecimal digits stand for one.
    package static let digitCount = Hash128.digitCount

    private init(bits: Hash128) {
        self.bits = bits
    }

    /// Reads what ``description`` is; nil for anything else.
    package init?(digits: UnsafeRawBufferPointer) {
        guard let bits = Hash128(digits: digits) else { return nil }
        self.bits = bits
    }

    /// Reads what ``description`` is; nil for anything else.
    package init?(_ text: String) {
        guard let bits = Hash128(text) else { return nil }
        self.bits = bits
    }

    /// The hash after a line.
    ///
    /// - Parameters:
    ///   - beginning: The line's content before what is left out of it.
    ///   - end: The rest of its content.
    package func followed(by beginning: UnsafeRawBufferPointer, _ end: UnsafeRawBufferPointer) -> ChainHash {
        let checksum = no_crc32c(no_crc32c(0, beginning.baseAddress, beginning.count), end.baseAddress, end.count)
        let size = UInt64(beginning.count + end.count)
        let block = (bits.high.bigEndian, bits.low.bigEndian, size.littleEndian, checksum.littleEndian)
        var hash = SHA256()
        withUnsafeBytes(of: block) { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<28])) }
        return ChainHash(bits: Hash128(hash.finalize()))
    }

    /// The digits, lower case.
    package var description: String { bits.description }

    /// Writes the digits over what is there.
    package func write(to digits: UnsafeMutableRawBufferPointer) { bits.write(to: digits) }
}

/// A place in the sequence of transactions: behind one of them.
package struct ChainPoint: Hashable, Sendable {
    /// The number of the transaction; 0 before the first one.
    package var sequence: UInt64
    /// What tells this past from any other.
    package var hash: ChainHash

    package init(sequence: UInt64, hash: ChainHash) {
        self.sequence = sequence
        self.hash = hash
    }

    /// Before the first transaction.
    package static let beginning = ChainPoint(sequence: 0, hash: .beginning)
}
