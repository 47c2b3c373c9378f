/// Why the journal cannot be used as it is.
package enum JournalError: Error, Sendable, CustomStringConvertible {
    /// A segment is damaged where it should not be.
    case damaged(file: String, line: Int?, reason: String)
    /// A segment was written by another version of the program.
    case otherFormat(file: String, reason: String)
    /// Neither snapshots nor journal reach far enough back.
    case gap(String)

    package var description: String {
        switch self {
        case .damaged(let file, let line, let reason):
            "the journal is damaged: \(file)\(line.map { ", line \($0)" } ?? ""): \(reason). See what is wrong with: "
                + "node-orchestrator journal verify. Keep a copy of the data directory, then go on with what is good: "
                + "node-orchestrator journal repair"
        case .otherFormat(let file, let reason): "\(file) cannot be read: \(reason)"
        case .gap(let reason): reason
        }
    }
}
