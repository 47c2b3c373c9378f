package import Crypto
import Foundation
import Schema

/// The first 128 bits of a SHA-256.
package struct Hash128: Hashable, Sendable, CustomStringConvertible {
    /// The bits, those of the first byte highest.
    package let high: UInt64
    package let low: UInt64

    /// How many hexadecimal digits stand for one.
    package static let digitCount = 32

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package init(_ digest: SHA256Digest) {
        (high, low) = digest.withUnsafeBytes { digest in
            (
                UInt64(bigEndian: digest.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
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
        guard let hash = text.withUTF8({ Hash128(digits: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = hash
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
