/// Who asks for something.
package struct Identity: Equatable, Sendable {
    /// What a token has as `sub`, a certificate as its name, or the name of a user of this machine.
    package let subject: String
    package let roles: Set<Role>
    /// Whether nothing says which roles they have, so that they have what such callers have.
    package let hasStandardRole: Bool
    package internal(set) var proof = Proof.token

    package init(subject: String, roles: Set<Role>, hasStandardRole: Bool, proof: Proof = .token) {
        self.subject = subject
        self.roles = roles
        self.hasStandardRole = hasStandardRole
        self.proof = proof
    }

    /// What shows who somebody is.
    package enum Proof: String, Sendable {
        case token
        /// A client's certificate, in TLS.
        case certificate
        /// A user of this machine, at the other end of a Unix socket.
        case user
    }

    /// Whether one of the roles allows something.
    package func may(_ permission: Permission) -> Bool {
        roles.contains { $0.permissions.contains(permission) }
    }
}
