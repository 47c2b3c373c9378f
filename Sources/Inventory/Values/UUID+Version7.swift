package import Foundation
import Synchronization

extension UUID {
    /// A new identifier of RFC 9562's version 7: 48 bits of the time in milliseconds, 12 bits of a counter that begins
    /// anew with each millisecond, then random bits.
    ///
    /// Each one is greater than the one before, so that resources ordered by identifier stand in the order of their
    /// creation. When the clock is set back, or the counter is used up, the time runs ahead of the clock.
    package static func version7() -> UUID {
        let milliseconds = UInt64(max(0, Date().timeIntervalSince1970 * 1000))
        let (stamp, random) = source.withLock { ($0.nextStamp(milliseconds), $0.nextRandom()) }
        var identifier: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &identifier) { bytes in
            for index in 0..<6 {
                bytes[index] = UInt8(truncatingIfNeeded: stamp >> (Source.counterBits + 40 - 8 * UInt64(index)))
            }
            bytes[6] = 0x70 | UInt8(truncatingIfNeeded: stamp >> 8) & 0x0f
            bytes[7] = UInt8(truncatingIfNeeded: stamp)
            bytes.storeBytes(of: (random >> 2 | 0b10 << 62).bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return UUID(uuid: identifier)
    }

    private static let source = Mutex(Source())

    /// Where the bits of new identifiers come from.
    private struct Source {
        /// Time and counter of the identifier made last.
        private var lastStamp: UInt64 = 0
        /// Random numbers that have not been used, since asking the system for each takes longer than all the rest.
        private var randoms: [UInt64] = []

        static let counterBits: UInt64 = 12

        mutating func nextStamp(_ milliseconds: UInt64) -> UInt64 {
            lastStamp = max(lastStamp + 1, milliseconds << Self.counterBits)
            return lastStamp
        }

        mutating func nextRandom() -> UInt64 {
            if let random = randoms.popLast() { return random }
            // As many bytes as can be asked for at once.
            randoms = [UInt64](repeating: 0, count: 32)
            let failed = randoms.withUnsafeMutableBytes { getentropy($0.baseAddress!, $0.count) } != 0
            precondition(!failed, "the system has no random numbers")
            return randoms.removeLast()
        }
    }
}
