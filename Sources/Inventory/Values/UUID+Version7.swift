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
        return version7(
            stamp: lastStamp.withLock { last in
                last = max(last + 1, milliseconds << counterBits)
                return last
            }
        )
    }

    private static let counterBits: UInt64 = 12
    /// Time and counter of the identifier made last.
    private static let lastStamp = Mutex<UInt64>(0)

    private static func version7(stamp: UInt64) -> UUID {
        var identifier: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &identifier) { bytes in
            for index in 0..<6 {
                bytes[index] = UInt8(truncatingIfNeeded: stamp >> (counterBits + 40 - 8 * UInt64(index)))
            }
            bytes[6] = 0x70 | UInt8(truncatingIfNeeded: stamp >> 8) & 0x0f
            bytes[7] = UInt8(truncatingIfNeeded: stamp)
            // Foundation's `UUID()` opens /dev/urandom each time.
            let random = UInt64.random(in: 0...UInt64.max) >> 2 | 0b10 << 62
            bytes.storeBytes(of: random.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return UUID(uuid: identifier)
    }
}
