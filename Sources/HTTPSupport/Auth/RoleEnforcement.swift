/// What becomes of a request that the roles of its token do not allow.
package enum RoleEnforcement: String, CaseIterable, Sendable {
    /// It is carried out: any token may do everything.
    case off
    /// It is carried out, and the log says that it would be refused.
    case shadow
    /// It is refused.
    case enforce
}
