/// A server that shares a log, as it has told the log last.
package struct Replica: Sendable, Equatable {
    package var name: String
    package var url: String
    /// Whether it leads.
    package var leads: Bool
    /// Its last transaction, and how many numbers that is behind the log's.
    package var sequence: UInt64
    package var behind: UInt64
    /// The oldest moment from which on it can read every one.
    package var oldest: UInt64
    /// The ids of its credential keys.
    package var keys: Set<String>
    /// What this version of the program knows and its version does not.
    package var lacks: Set<String>
    /// When it was started, RFC 3339.
    package var since: String
    /// Seconds since it has said so.
    package var age: Int

    /// Whether it has said something within the last seconds, so that it can be asked, and lead.
    package var isAlive: Bool { age <= 5 }

    /// Whether nothing may be written that it cannot read: it may well go on as it is.
    var isPresent: Bool { age <= 3600 }
}
