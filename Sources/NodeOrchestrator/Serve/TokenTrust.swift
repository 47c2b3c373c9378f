import Completeness
import GuardedFiles
import Logging
import ServiceLifecycle
import Tokens

/// Whose tokens a server takes.
struct TokenTrust {
    let verifier: TokenVerifier
    /// What keeps keys, roles and tokens up to date as long as the server runs.
    let services: [any Service]
    private let secret: WatchedValue<TokenKey>?
    private let issuer: TokenIssuer?
    private let rules: WatchedValue<RoleRules>

    /// Reads the keys that options name. The secret that the server makes itself counts only where they name none.
    ///
    /// - Throws: ``CommandError`` and ``GuardedFileError`` for files that cannot be used.
    init(_ options: TokenOptions, _ roles: RoleOptions, _ directory: DataDirectory, logger: Logger) async throws {
        let (issuers, audiences) = (options.jwtIssuer, options.jwtAudience)
        rules = try roles.rules(logger: logger)
        issuer = options.issuer(logger: logger)
        var services: [any Service] = [rules]
        var secret = try options.secret(logger: logger)
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
        if let secret { services.append(secret) }
        self.secret = secret
        verifier = TokenVerifier(
            secret: secret,
            issuer: issuer,
            issuers: issuers,
            audiences: audiences,
            roles: rules
        )
        self.services = services
    }

    /// Reads everything again.
    func readAgain() async {
        secret?.refresh(isAsked: true)
        rules.refresh(isAsked: true)
        await issuer?.readAgain()
    }
}
