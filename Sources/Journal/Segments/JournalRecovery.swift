import Foundation
package import Inventory
package import Records

/// The journal as a start finds it.
package struct JournalRecovery {
    /// The last transaction that there is, in the journal or in the snapshot it follows.
    package var tip: ChainPoint
    /// The first number that was never given.
    package var next: UInt64
    /// The time of the last transaction.
    package var time = Timestamp(microseconds: 0)
    /// All segments, oldest first.
    package var segments: [JournalFolder.Segment]
    /// Bytes that count of the last one.
    package var lastSize = 0
    /// Times at which the clock was ahead.
    package var stretches: [ClosedRange<Timestamp>]

    package init(tip: ChainPoint, next: UInt64, segments: [JournalFolder.Segment], stretches: [ClosedRange<Timestamp>])
    {
        self.tip = tip
        self.next = next
        self.segments = segments
        self.stretches = stretches
    }

    /// How many numbers are passed over when the server did not stop cleanly: more than can have been given to
    /// transactions that were lost.
    package static let unclearNumbers: UInt64 = 1_000_000
}
