package import Foundation

/// What a token says: the registered claims of RFC 7519, section 4.1, that the server looks at, and roles.
package struct TokenClaims: Equatable, Sendable {
    /// Who uses the token.
    package var sub: String?
    /// Who made it.
    package var iss: String?
    /// Whom it is for; none where it does not say.
    package var aud: [String] = []
    /// When it ends, in seconds since 1970.
    package var exp: Double?
    /// When it begins, in seconds since 1970.
    package var nbf: Double?
    /// When it was made, in seconds since 1970.
    package var iat: Double?
    /// The roles that `roles` and `role` name, whether they are known or not.
    var roles: [String] = []

    /// Issuer and audience where nobody says otherwise.
    package static let standardParty = "node-orchestrator"

    /// - Parameters:
    ///   - issued: When the token is made, and from when on it is good.
    ///   - lifetime: How long it is good, in seconds.
    package init(
        subject: String,
        issuer: String = standardParty,
        audience: String = standardParty,
        issued: Date,
        lifetime: TimeInterval,
        roles: [Role] = []
    ) {
        let seconds = issued.timeIntervalSince1970.rounded(.down)
        sub = subject
        iss = issuer
        aud = [audience]
        exp = seconds + lifetime
        nbf = seconds
        iat = seconds
        self.roles = roles.map(\.rawValue)
    }

    /// How much the clocks of the server and of who made the token may differ, in seconds.
    package static let leeway: TimeInterval = 30

    /// From when on the token cannot be used, in seconds since 1970.
    var end: Double? { exp.map { $0 + Self.leeway } }
}
