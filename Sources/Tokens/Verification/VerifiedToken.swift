/// A token whose signature is good.
package struct VerifiedToken: Equatable, Sendable {
    package let claims: TokenClaims
    package let identity: Identity
}
