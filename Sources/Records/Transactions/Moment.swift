import Foundation
package import Inventory
package import Schema

/// A moment of the inventory, as people name it.
package enum Moment: Sendable, Equatable, CustomStringConvertible {
    /// After the transaction of that number.
    case sequence(UInt64)
    /// After the last transaction that was not accepted later than that.
    case time(Timestamp)
    /// What a snapshot holds.
    case snapshot(String)

    /// Reads a sequence number, a time such as `2026-11-23T18:00:05Z`, or the id of a snapshot.
    package init(_ text: String) throws(InvalidValue) {
        if !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            guard let number = UInt64(text), number < 1 << 53 else {
                throw InvalidValue("is above every sequence number")
            }
            self = .sequence(number)
        } else if SnapshotID.isValid(text) {
            self = .snapshot(text)
        } else {
            do throws(InvalidValue) {
                self = .time(try Timestamp(text))
            } catch {
                throw InvalidValue(
                    "is neither a sequence number, nor a time such as 2026-11-23T18:00:05Z, nor a snapshot's id"
                )
            }
        }
    }

    package var description: String {
        switch self {
        case .sequence(let number): "sequence number \(number)"
        case .time(let time): "\(time)"
        case .snapshot(let id): "snapshot \(id)"
        }
    }
}
