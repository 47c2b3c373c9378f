import Foundation
import HTTPTypes
import Hummingbird
import Logging
package import Tokens

/// Decides who may use a route.
package struct Authenticator: Sendable {
    private let verifier: TokenVerifier?
    private let protectsReads: Bool
    private let enforcement: RoleEnforcement
    private let pages: WebPages

    /// - Parameters:
    ///   - verifier: Says which tokens are good; nil where no token is needed for anything.
    ///   - protectsReads: Whether reading needs a token too.
    ///   - enforcement: What becomes of requests that roles do not allow.
    ///   - pages: What is looked at instead where no token is needed.
    package init(
        verifier: TokenVerifier?,
        protectsReads: Bool,
        enforcement: RoleEnforcement = .enforce,
        pages: WebPages
    ) {
        self.verifier = verifier
        self.protectsReads = protectsReads
        self.enforcement = enforcement
        self.pages = pages
    }

    /// Who has sent a request: by its token, else by its connection; nil where nothing says it and nobody needs to know.
    ///
    /// - Parameters:
    ///   - host: What the client calls the server, where a proxy says it.
    ///   - peer: Who the connection is to, where that shows it.
    /// - Throws: ``Problem`` 401 when the route needs a token and nothing says who asks, or when the token that came is no good.
    func identity(
        of request: Request,
        to host: String?,
        for access: RouteAccess,
        by peer: (RoleRules) async -> Identity?
    ) async throws(Problem) -> Identity? {
        guard access != .always else { return nil }
        guard let verifier else {
            if access != .open { try pages.check(request, for: host ?? request.head.authority) }
            guard access != .whoMay(.readCredentials) else {
                throw Problem(
                    .forbidden,
                    "Credentials are read with a token only; this server runs with --insecure-no-auth."
                )
            }
            return nil
        }
        guard let header = request.headers[.authorization] else {
            if access == .open, !protectsReads { return nil }
            // What a proxy passes on is not its own.
            if !request.isPassedOn, let identity = await peer(verifier.roles) { return identity }
            throw unauthorized("This needs a token; send Authorization: Bearer TOKEN.", challenge: "Bearer")
        }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.first?.lowercased() == "bearer" else {
            throw unauthorized("The Authorization header is not of the form Bearer TOKEN.", challenge: "Bearer")
        }
        do throws(TokenError) {
            // What is no token at all is refused as any other that is not signed.
            return try await verifier.verify(String(parts.dropFirst().first ?? ""), at: Date()).identity
        } catch {
            throw unauthorized(
                "The token cannot be used: \(error.message).",
                challenge: #"Bearer error="invalid_token", error_description="\#(error.message.asHeaderText)""#
            )
        }
    }

    /// Makes sure that another server, which has passed a request on, says whose it is, where that has to be known.
    ///
    /// - Throws: ``Problem`` 401.
    func check(passedOn identity: Identity?, for access: RouteAccess) throws(Problem) {
        guard verifier != nil, identity == nil, permission(for: access) != nil else { return }
        throw unauthorized("The server that has passed this on does not say whose it is.", challenge: "Bearer")
    }

    /// What a route needs its caller to be allowed; nil where anybody may use it.
    func permission(for access: RouteAccess) -> Permission? {
        switch access {
        case .always: nil
        case .open: protectsReads ? .read : nil
        case .whoMay(let permission): permission
        }
    }

    /// Makes sure that whoever has sent a request may do something. Where no token is needed, anybody may.
    ///
    /// - Parameter route: The path with its parameters' names, for the log.
    /// - Throws: ``Problem`` 403 that says which roles may.
    func check(
        _ identity: Identity?,
        may permission: Permission,
        on route: String?,
        logger: Logger
    ) throws(Problem) {
        guard enforcement != .off, let identity, !identity.may(permission) else { return }
        let needed = permission.roles.map(\.rawValue)
        let roles = identity.roles.map(\.rawValue).sorted()
        guard enforcement == .enforce else {
            return logger.warning(
                "would be refused for the caller's roles",
                metadata: [
                    "route": "\(route ?? "")", "subject": "\(identity.subject)",
                    "roles": "\(roles.joined(separator: ", "))", "needed": "\(needed.joined(separator: ", "))",
                ]
            )
        }
        let had = roles.isEmpty ? "none" : roles.joined(separator: " and ")
        let reason =
            switch identity.proof {
            case .token where identity.hasStandardRole:
                "The token names no role that is known here, and counts as \(had)."
            case .token: "The token has \(had)."
            case .certificate, .user:
                "The \(identity.proof.rawValue) \(identity.subject) has \(had); --role-map gives others, and so does a token."
            }
        throw Problem(
            .forbidden,
            "This needs the role \(needed.joinedByOr). \(reason)",
            headers: [.wwwAuthenticate: #"Bearer error="insufficient_scope""#]
        )
    }

    /// An answer with the challenge of RFC 6750, section 3.
    private func unauthorized(_ detail: String, challenge: String) -> Problem {
        Problem(.unauthorized, detail, headers: [.wwwAuthenticate: challenge])
    }
}

extension Request {
    /// Whether a proxy says that it is somebody else's.
    fileprivate var isPassedOn: Bool { headers.contains(.forwarded) || headers.contains(.xForwardedFor) }
}

extension String {
    /// The text with nothing in it that RFC 6750 keeps out of an error description.
    fileprivate var asHeaderText: String {
        String(unicodeScalars.map { $0.isASCII && $0.value >= 0x20 && $0 != "\"" && $0 != "\\" ? Character($0) : "?" })
    }
}

extension [String] {
    /// `a`, `a or b`, `a, b or c`.
    fileprivate var joinedByOr: String {
        guard let last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " or \(last)"
    }
}
