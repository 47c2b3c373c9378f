/// Why a snapshot cannot be used.
package enum SnapshotError: Error, Equatable, CustomStringConvertible {
    case unreadable(String)
    case damaged(String)
    /// The snapshot has what only another version of the program knows, which is named where it is known.
    case otherVersion(String, _ program: String?)
    /// The snapshot belongs to another inventory.
    case foreign

    package var description: String {
        switch self {
        case .unreadable(let what): "cannot be read: \(what)"
        case .damaged(let what): "is damaged: \(what)"
        case .otherVersion(let what, let program): "\(what); \(program ?? "another version") wrote it, and can read it"
        case .foreign: "belongs to another inventory"
        }
    }
}
