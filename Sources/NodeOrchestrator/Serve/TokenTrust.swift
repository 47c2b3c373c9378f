import Completeness
import Logging
import ServiceLifecycle
import Tokens

/// Whose tokens a server takes.
struct TokenTrust {
    let verifier: TokenVerifier
    /// What keeps keys and tokens up to date as long as the server runs.
    let services: [any Service]

    /// Reads the keys that options name. The secret that the server makes itself counts only where they name none.
    ///
    /// - Throws: ``CommandError`` for files that cannot be used.
    init(_ options: TokenOptions, _ roles: RoleOptions, _ directory: DataDirectory, logger: Logger) async throws {
        let (issuers, audiences) = (options.jwtIssuer, options.jwtAudience)
        var services: [any Service] = []
        var secret = try options.secret(logger: logger)
        let issuer = options.issuer(logger: logger)
        if let issuer {
            do {
                try await issuer.begin()
            } catch let error as KeySetError {
                throw CommandError("cannot use the keys of --jwks-file, \(options.jwksFile ?? ""): \(error)")
            }
            services.append(issuer)
        } else if secret == nil {
            let folder = KeyFolder(directory, issuers: issuers, audiences: audiences)
            let key = try await folder.generatedKey(logger: logger)
            services.append(ClientTokenRenewal(folder: folder, key: key, logger: logger))
            secret = key
        }
        verifier = TokenVerifier(
            secret: secret,
            issuer: issuer,
            issuers: issuers,
            audiences: audiences,
            roles: try roles.rules()
        )
        self.services = services
    }
}
