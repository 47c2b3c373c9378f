import Completeness
import Foundation
import GuardedFiles
import Logging
import Records
import Tokens

/// The keys in the data directory that have to do with tokens.
struct KeyFolder {
    private let folder: URL
    /// What `iss` and `aud` tokens of the server's own must have, so that it takes them itself; none where any will do.
    private let (issuers, audiences): ([String], [String])

    init(_ directory: DataDirectory, issuers: [String] = [], audiences: [String] = []) {
        folder = directory.keys
        (self.issuers, self.audiences) = (issuers, audiences)
    }

    /// The secret that the server makes for itself.
    var secretFile: URL { folder.appending(path: "token.key") }
    /// A token for clients on this machine.
    var clientTokenFile: URL { folder.appending(path: "client.token") }

    private static let clientTokenLifetime: TimeInterval = 30 * 86_400
    private static let renewalWindow: TimeInterval = 7 * 86_400

    /// The key that the server makes at its first start, with a token for clients on this machine beside it.
    func generatedKey(logger: Logger) async throws -> WatchedValue<TokenKey> {
        let file = secretFile
        let isNew = try KeyFile.load(file).isNew
        let key = try WatchedValue([KeyFile.guarded(file)], logger: logger) { contents in
            TokenKey(secret: try KeyFile.key(contents[0].bytes, of: file))
        }
        if isNew {
            logger.notice(
                "made a token secret; make tokens with: node-orchestrator token --data-dir DIR --subject NAME",
                metadata: ["file": "\(secretFile.path)"]
            )
        }
        _ = try await renewClientToken(key.value, logger: logger)
        return key
    }

    /// The key that exists, for making tokens.
    func existingKey() throws -> TokenKey {
        TokenKey(secret: try KeyFile.key(secretFile))
    }

    /// Makes the token for clients on this machine anew, where it is in its last week or cannot be used.
    ///
    /// - Returns: When that is to be done next.
    func renewClientToken(_ key: TokenKey, logger: Logger) async throws -> Date {
        let now = Date()
        if let end = try await clientTokenEnd(key, at: now), end - Self.renewalWindow > now {
            return end - Self.renewalWindow
        }
        let claims = TokenClaims(
            subject: "local-admin",
            issuer: issuers.first ?? TokenClaims.standardParty,
            audience: audiences.first ?? TokenClaims.standardParty,
            issued: now,
            lifetime: Self.clientTokenLifetime,
            roles: [.admin]
        )
        let token = key.sign(claims) + "\n"
        try Disk().replace(clientTokenFile, Array(token.utf8), permissions: 0o600)
        logger.info("made a token for clients on this machine", metadata: ["file": "\(clientTokenFile.path)"])
        return now + Self.clientTokenLifetime - Self.renewalWindow
    }

    /// When the token for clients on this machine ends; nil where there is none that can be used.
    private func clientTokenEnd(_ key: TokenKey, at now: Date) async throws -> Date? {
        guard FileManager.default.fileExists(atPath: clientTokenFile.path) else { return nil }
        let token = String(decoding: try KeyFile.read(clientTokenFile), as: UTF8.self)
            .trimmingCharacters(in: .newlines)
        do throws(TokenError) {
            let verifier = TokenVerifier(secret: WatchedValue(key), issuers: issuers, audiences: audiences)
            return try await verifier.verify(token, at: now).claims.exp.map(Date.init(timeIntervalSince1970:))
        } catch {
            return nil
        }
    }
}
