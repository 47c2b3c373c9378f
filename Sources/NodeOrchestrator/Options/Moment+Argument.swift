import ArgumentParser
import Records
import Schema

extension Moment {
    /// Reads a time, a sequence number or the id of a snapshot from the command line.
    static func argument(_ text: String) throws -> Moment {
        do throws(InvalidValue) {
            return try Moment(text)
        } catch {
            throw ValidationError("it \(error)")
        }
    }

    /// Reads what ``argument(_:)`` reads, but for a sequence number.
    static func timeArgument(_ text: String) throws -> Moment {
        let moment = try argument(text)
        if case .sequence = moment { throw ValidationError("it is a number; --at-seq takes a sequence number") }
        return moment
    }

    /// What ``argument(_:)`` reads.
    var argument: String {
        switch self {
        case .sequence(let number): "\(number)"
        case .time(let time): "\(time)"
        case .snapshot(let id): id
        }
    }
}
