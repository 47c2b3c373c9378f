import Crypto
package import Foundation
package import GuardedFiles

/// Decides which tokens are good.
package struct TokenVerifier: Sendable {
    private let secret: WatchedValue<TokenKey>?
    private let issuer: TokenIssuer?
    private let issuers: [String]
    private let audiences: [String]
    private let rules: WatchedValue<RoleRules>
    let verified = VerifiedTokens()

    /// - Parameters:
    ///   - secret: The only key whose tokens may be signed by HS256; nil where there is none.
    ///   - issuer: Whose public keys all other tokens are signed with; nil where there is nobody.
    ///   - issuers: Which `iss` tokens may have; none where any will do.
    ///   - audiences: Of which `aud` tokens must have one; none where any will do.
    ///   - roles: Which roles they give.
    package init(
        secret: WatchedValue<TokenKey>?,
        issuer: TokenIssuer? = nil,
        issuers: [String] = [],
        audiences: [String] = [],
        roles: WatchedValue<RoleRules> = WatchedValue(RoleRules())
    ) {
        self.secret = secret
        self.issuer = issuer
        self.issuers = issuers
        self.audiences = audiences
        rules = roles
    }

    /// Which roles tokens, certificates and users have.
    package var roles: RoleRules { rules.value }

    /// Makes sure that a token may be used at a time. A key that is not known yet may be waited for.
    package func verify(_ text: String, at now: Date) async throws(TokenError) -> VerifiedToken {
        let bytes = Array(text.utf8)
        guard bytes.count <= TokenForm.maximumSize else { throw .unverified }
        let digest = SHA256.hash(data: bytes)
        // Of what decides about tokens beside the issuer's keys.
        let settings = (secret?.generation ?? 0) + rules.generation
        if let token = verified.token(digest, generation: settings + (issuer?.generation ?? 0), at: now) {
            try token.claims.check(at: now, issuers: issuers, audiences: audiences)
            return token
        }
        let form = try TokenForm(bytes)
        let keys = try await verify(form)
        let object = try TokenClaims.object(json: form.claims)
        let claims = try TokenClaims(object)
        let identity = roles.identity(claims.sub ?? "", claims.roles, object, isOfSecret: form.algorithm == .hs256)
        let token = VerifiedToken(claims: claims, identity: identity)
        verified.add(digest, token, generation: settings + keys, at: now)
        try claims.check(at: now, issuers: issuers, audiences: audiences)
        return token
    }

    /// Makes sure of the signature.
    ///
    /// - Returns: The generation of the issuer's keys that are in force, or of which one has made it.
    private func verify(_ form: TokenForm) async throws(TokenError) -> Int {
        guard form.algorithm != .hs256 else {
            let generation = issuer?.generation ?? 0
            guard let secret, secret.value.verifies(form.signature, of: form.signedText) else { throw .unverified }
            return generation
        }
        guard let issuer, let kid = form.kid, let (key, generation) = await issuer.key(kid),
            key.verifies(form.signature, of: form.signedText, by: form.algorithm)
        else { throw .unverified }
        return generation
    }
}
