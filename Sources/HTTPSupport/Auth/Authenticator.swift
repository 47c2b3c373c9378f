import Foundation
import HTTPTypes
import Hummingbird
package import Tokens

/// Decides who may use a route.
package struct Authenticator: Sendable {
    private let verifier: TokenVerifier?
    private let protectsReads: Bool
    private let pages: WebPages

    /// - Parameters:
    ///   - verifier: Says which tokens are good; nil where no token is needed for anything.
    ///   - protectsReads: Whether reading needs a token too.
    ///   - pages: What is looked at instead where no token is needed.
    package init(verifier: TokenVerifier?, protectsReads: Bool, pages: WebPages) {
        self.verifier = verifier
        self.protectsReads = protectsReads
        self.pages = pages
    }

    /// What the token says that came with a request; nil where none is needed.
    ///
    /// - Parameter host: What the client calls the server, where a proxy says it.
    /// - Throws: ``Problem`` 401 when the route needs a token and there is none, or when the one that came is no good.
    func claims(of request: Request, to host: String?, for access: RouteAccess) async throws(Problem) -> TokenClaims? {
        guard access != .always else { return nil }
        guard let verifier else {
            if access == .token { try pages.check(request, for: host ?? request.head.authority) }
            return nil
        }
        guard let header = request.headers[.authorization] else {
            if access == .open, !protectsReads { return nil }
            throw unauthorized("This needs a token; send Authorization: Bearer TOKEN.", challenge: "Bearer")
        }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.first?.lowercased() == "bearer" else {
            throw unauthorized("The Authorization header is not of the form Bearer TOKEN.", challenge: "Bearer")
        }
        do throws(TokenError) {
            // What is no token at all is refused as any other that is not signed.
            return try await verifier.claims(of: String(parts.dropFirst().first ?? ""), at: Date())
        } catch {
            throw unauthorized(
                "The token cannot be used: \(error.message).",
                challenge: #"Bearer error="invalid_token", error_description="\#(error.message.asHeaderText)""#
            )
        }
    }

    /// An answer with the challenge of RFC 6750, section 3.
    private func unauthorized(_ detail: String, challenge: String) -> Problem {
        Problem(.unauthorized, detail, headers: [.wwwAuthenticate: challenge])
    }
}

extension String {
    /// The text with nothing in it that RFC 6750 keeps out of an error description.
    fileprivate var asHeaderText: String {
        String(unicodeScalars.map { $0.isASCII && $0.value >= 0x20 && $0 != "\"" && $0 != "\\" ? Character($0) : "?" })
    }
}
