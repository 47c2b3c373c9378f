import Foundation

extension TokenClaims {
    /// Makes sure that the token may be used at a time, and that it is for this server.
    ///
    /// - Parameters:
    ///   - issuers: Who may have made it; anybody where there are none.
    ///   - audiences: Whom it may be for; anybody where there are none.
    /// - Throws: ``TokenError/claims(_:)``.
    func check(at now: Date, issuers: [String], audiences: [String]) throws(TokenError) {
        let missing = [
            ("sub", sub?.isEmpty ?? true), ("iss", iss?.isEmpty ?? true), ("aud", aud.allSatisfy(\.isEmpty)),
            ("exp", exp == nil),
        ].filter(\.1).map(\.0)
        guard missing.isEmpty, let exp, let end, let iss else {
            throw .claims("it has no \(missing.joined(separator: ", "))")
        }
        let seconds = now.timeIntervalSince1970
        guard seconds < end else { throw .claims("it expired at \(Self.text(exp))") }
        if let nbf, seconds < nbf - Self.leeway {
            throw .claims("it is not valid before \(Self.text(nbf))")
        }
        guard issuers.isEmpty || issuers.contains(where: { $0.utf8.elementsEqual(iss.utf8) }) else {
            throw .claims("its issuer (iss) is none whose tokens this server takes")
        }
        guard audiences.isEmpty || audiences.contains(where: isFor) else {
            throw .claims("its audience (aud) is not this server")
        }
    }

    /// Whether a name is among those of the audience, to the byte (RFC 7519, section 2, StringOrURI).
    private func isFor(_ audience: String) -> Bool {
        aud.contains { $0.utf8.elementsEqual(audience.utf8) }
    }

    /// A time as people read it, where it is one that people live in.
    private static func text(_ seconds: Double) -> String {
        guard (0..<253_402_300_800).contains(seconds) else { return "\(seconds) s" }
        return Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
}
