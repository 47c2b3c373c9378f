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
    /// The bits, those of the first byte highest.
    private let high: UInt64
    private let low: UInt64

    /// What the first transaction goes on from.
    package static let beginning = ChainHash(high: 0, low: 0)

    /// How many hexadecimal digits stand for one.
    package static let digitCount = 32

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads what ``description`` is; nil for anything else.
    package init?(digits: UnsafeRawBufferPointer) {
        guard digits.count == Self.digitCount else { return nil }
        var halves = (high: UInt64(0), low: UInt64(0))
        for index in 0..<Self.digitCount {
            guard digits[index].isLowerHexDigit, let digit = digits[index].hexDigit else { return nil }
            halves.high = halves.high << 4 | halves.low >> 60
            halves.low = halves.low << 4 | UInt64(digit)
        }
        self.init(high: halves.high, low: halves.low)
    }

    /// Reads what ``description`` is; nil for anything else.
    package init?(_ text: String) {
        var text = text
        guard let hash = text.withUTF8({ ChainHash(digits: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = hash
    }

    /// The hash after a line.
    ///
    /// - Parameters:
    ///   - beginning: The line's content before what is left out of it.
    ///   - end: The rest of its content.
    package func followed(by beginning: UnsafeRawBufferPointer, _ end: UnsafeRawBufferPointer) -> ChainHash {
        let checksum = no_crc32c(no_crc32c(0, beginning.baseAddress, beginning.count), end.baseAddress, end.count)
        let size = UInt64(beginning.count + end.count)
        let block = (high.bigEndian, low.bigEndian, size.littleEndian, checksum.littleEndian)
        var hash = SHA256()
        withUnsafeBytes(of: block) { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<28])) }
        return hash.finalize().withUnsafeBytes { digest in
            ChainHash(
                high: UInt64(bigEndian: digest.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    /// The digits, lower case.
    package var description: String {
        String(unsafeUninitializedCapacity: Self.digitCount) { digits in
            write(to: UnsafeMutableRawBufferPointer(digits))
            return Self.digitCount
        }
    }

    /// Writes the digits over what is there.
    package func write(to digits: UnsafeMutableRawBufferPointer) {
        for index in 0..<16 {
            let shift = UInt64(60 - 4 * index)
            digits[index] = UInt8(truncatingIfNeeded: high >> shift).lowerHexDigit
            digits[16 + index] = UInt8(truncatingIfNeeded: low >> shift).lowerHexDigit
        }
    }
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
