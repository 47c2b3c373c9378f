/// The format of what is on disk: journal, head, snapshots. All of a version is written in one.
package enum DiskFormat {
    /// The one that is written.
    package static let current = 2
    /// The one of the journal's segments, whose lines say where requests came from, and by which keys they can be sent again.
    package static let ofSegments = 4
    /// The one before chains and inventories had ids.
    package static let first = 1

    /// Which formats are read, for messages.
    package static var known: String { "this version reads the formats \(first) and \(current)" }
}
