/// Something that only some roles may do.
package enum Permission: CaseIterable, Sendable {
    /// Read resources, their past and the feed, and ask by SQL of the program's own tables.
    case read
    /// Create, change and delete resources, and take snapshots.
    case write
    /// Go back, delete snapshots, and ask by SQL of attached data.
    case administer
    /// Read what BMCs are logged in to with.
    case readCredentials

    /// Who may do it.
    package var roles: [Role] { Role.allCases.filter { $0.permissions.contains(self) } }
}
