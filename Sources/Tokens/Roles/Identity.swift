/// Who asks for something.
package struct Identity: Equatable, Sendable {
    /// What a token has as `sub`.
    package let subject: String
    package let roles: Set<Role>
    /// Whether the token names none of them, so that it has what such tokens have.
    package let hasStandardRole: Bool

    /// Whether one of the roles allows something.
    package func may(_ permission: Permission) -> Bool {
        roles.contains { $0.permissions.contains(permission) }
    }
}
