package import Foundation
package import JWTKit

/// What a token says: the registered claims of RFC 7519 that the server looks at, and a role.
///
/// The claims are plain values and not the library's claim types, some of which trap on values that strangers can send.
package struct TokenClaims: JWTPayload, Equatable {
    /// Who uses the token.
    package var sub: String?
    /// Who made it.
    package var iss: String?
    /// Whom it is for.
    package var aud: Audience?
    /// When it ends, in seconds since 1970.
    package var exp: Double?
    /// When it begins, in seconds since 1970.
    package var nbf: Double?
    /// When it was made, in seconds since 1970.
    package var iat: Double?
    /// What its user may do.
    package var role: String?

    /// One recipient or several (RFC 7519, section 4.1.3).
    package struct Audience: Codable, Equatable, Sendable {
        package var names: [String]

        package init(_ names: [String]) {
            self.names = names
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            do {
                names = [try container.decode(String.self)]
            } catch {
                names = try container.decode([String].self)
            }
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if names.count == 1 {
                try container.encode(names[0])
            } else {
                try container.encode(names)
            }
        }
    }

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
        role: String? = nil
    ) {
        let seconds = issued.timeIntervalSince1970.rounded(.down)
        sub = subject
        iss = issuer
        aud = Audience([audience])
        exp = seconds + lifetime
        nbf = seconds
        iat = seconds
        self.role = role
    }

    /// The library's hook; ``check(at:)`` does the checks, so that they can say what is wrong and allow for clocks
    /// that differ.
    package func verify(using algorithm: some JWTAlgorithm) {}

    /// How much the clocks of the server and of who made the token may differ, in seconds.
    package static let leeway: TimeInterval = 30

    /// Makes sure that the token may be used at a time.
    package func check(at now: Date) throws(TokenError) {
        let missing = [
            ("sub", sub?.isEmpty ?? true), ("iss", iss?.isEmpty ?? true),
            ("aud", aud?.names.allSatisfy(\.isEmpty) ?? true), ("exp", exp == nil),
        ].filter(\.1).map(\.0)
        guard missing.isEmpty, let exp else {
            throw TokenError("it has no \(missing.joined(separator: ", "))")
        }
        let seconds = now.timeIntervalSince1970
        guard seconds < exp + Self.leeway else { throw TokenError("it expired at \(Self.text(exp))") }
        if let nbf, seconds < nbf - Self.leeway {
            throw TokenError("it is not valid before \(Self.text(nbf))")
        }
    }

    /// A time as people read it, where it is one that people live in.
    private static func text(_ seconds: Double) -> String {
        guard (0..<253_402_300_800).contains(seconds) else { return "\(seconds) s" }
        return Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
}
