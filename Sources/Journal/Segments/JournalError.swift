/// Why the journal cannot be used as it is.
package enum JournalError: Error, Sendable, CustomStringConvertible {
    /// A segment is damaged where it should not be.
    case damaged(file: String, line: Int?, reason: String)
    /// A segment has what only another version of the program knows.
    case otherVersion(file: String, line: Int?, reason: String, program: String?)
    /// A file has fields that this version does not know.
    case unknownFields(file: String, fields: Set<String>, program: String?)
    /// Files are not there, or are not this inventory's.
    case incomplete([DataFault])

    package var description: String {
        switch self {
        case .damaged(let file, let line, let reason):
            "the journal is damaged: \(Self.place(file, line)): \(reason)"
        case .otherVersion(let file, let line, let reason, let program):
            "\(Self.place(file, line)): \(reason). \(program ?? "Another version") wrote it, and can read it; "
                + "nothing was changed"
        case .unknownFields(let file, let fields, let program):
            "\(file): it has fields that this version does not know: \(fields.sorted().joined(separator: ", ")). "
                + "\(program ?? "Another version") wrote it, and can read it; nothing was changed"
        case .incomplete(let faults): faults.map(\.description).joined(separator: "\n")
        }
    }

    private static func place(_ file: String, _ line: Int?) -> String {
        file + (line.map { ", line \($0)" } ?? "")
    }
}
