package import Foundation
import Inventory
package import Records

/// What the head of a shared log says.
package struct LogHead: Sendable, Equatable {
    package var inventory: UUID
    /// Version of the format of the lines.
    var format: Int64
    /// The ids of the credential keys that have sealed what is in the log; the last one seals.
    package var keys: [String]
    /// The last transaction.
    package var tip: ChainPoint
    /// The transaction behind which the log begins.
    package var oldest: ChainPoint
    package var lead: Lead?
    /// The timeline of PostgreSQL when the lead was handed over last.
    var timeline: String

    /// Why the log does not go on from a point.
    func absence(of point: ChainPoint) -> LogError {
        point.sequence < oldest.sequence
            ? .forgotten(through: oldest.sequence, local: point.sequence) : .lost(after: tip, local: point)
    }

    /// Who leads.
    package struct Lead: Sendable, Equatable {
        /// A random value that the leader has taken.
        var tenure: UUID
        /// The leader's name and address.
        package var holder: String
        package var url: String
        /// When the lead ends by PostgreSQL's clock, unless it is renewed, and whether it has.
        var end: String
        /// How long that is by that clock.
        var rest: Duration
        var hasEnded: Bool
        /// Whether the holder has been given it and has not taken it yet.
        var isGranted: Bool
    }
}
