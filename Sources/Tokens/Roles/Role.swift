/// What somebody is to the inventory, by the names that SMD and OpenCHAMI's tokensmith use.
package enum Role: String, CaseIterable, Sendable {
    /// Reads, and asks by SQL.
    case viewer
    /// A person who runs the cluster: creates, changes and deletes resources, too.
    case `operator`
    /// A program that does so.
    case service
    /// Does everything.
    case admin
    /// Reads what BMCs are logged in to with, beside what a viewer reads.
    case credentials

    /// What somebody of this role may do.
    var permissions: Set<Permission> {
        switch self {
        case .viewer: [.read]
        case .operator, .service: [.read, .write]
        case .admin: Set(Permission.allCases)
        case .credentials: [.read, .readCredentials]
        }
    }
}
