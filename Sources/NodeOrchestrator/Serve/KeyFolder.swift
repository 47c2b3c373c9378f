import Completeness
import Foundation
import Logging
import Records
import Tokens

/// The keys in the data directory that have to do with tokens.
struct KeyFolder {
    private let folder: URL

    init(_ directory: DataDirectory) {
        folder = directory.keys
    }

    /// The secret that the server makes for itself.
    private var secretFile: URL { folder.appending(path: "token.key") }
    /// A token for clients on this machine.
    var clientTokenFile: URL { folder.appending(path: "client.token") }

    private static let clientTokenLifetime: TimeInterval = 30 * 86_400
    private static let renewalWindow: TimeInterval = 7 * 86_400

    /// The bytes of a secret file; one newline at the end is not part of the secret.
    ///
    /// - Throws: Also when others may write it.
    static func secret(inFile path: String, logger: Logger) throws -> [UInt8] {
        let bytes: [UInt8]
        do {
            // Of the file that a link leads to.
            let file = URL(filePath: path).resolvingSymlinksInPath().path
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int ?? 0
            guard mode & 0o022 == 0 else {
                throw CommandError(
                    "other users can write the secret file of --jwt-secret-file, \(path), and so make tokens; do: chmod go-w \(path)"
                )
            }
            if mode & 0o044 != 0 {
                logger.warning(
                    "other users can read the secret file, and so make tokens; do: chmod go-r",
                    metadata: ["file": "\(path)"]
                )
            }
            bytes = Array(try Data(contentsOf: URL(filePath: path)))
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError("cannot read the secret file of --jwt-secret-file, \(path): \(error.systemReason)")
        }
        let secret = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes
        guard !secret.isEmpty else { throw CommandError("the secret file of --jwt-secret-file, \(path), is empty") }
        return secret
    }

    /// The key that the server makes at its first start, with a token for clients on this machine beside it.
    func generatedKey(logger: Logger) async throws -> TokenKey {
        let (secret, isNew) = try KeyFile.load(secretFile)
        let key = await TokenKey(secret: secret)
        if isNew {
            logger.notice(
                "made a token secret; make tokens with: node-orchestrator token --data-dir DIR --subject NAME",
                metadata: ["file": "\(secretFile.path)"]
            )
        }
        _ = try await renewClientToken(key, logger: logger)
        return key
    }

    /// The key that exists, for making tokens.
    func existingKey() async throws -> TokenKey {
        await TokenKey(secret: try KeyFile.key(secretFile))
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
            issued: now,
            lifetime: Self.clientTokenLifetime,
            role: "admin"
        )
        let token = try await key.sign(claims) + "\n"
        try Disk().replace(clientTokenFile, Array(token.utf8), permissions: 0o600)
        logger.info("made a token for clients on this machine", metadata: ["file": "\(clientTokenFile.path)"])
        return now + Self.clientTokenLifetime - Self.renewalWindow
    }

    /// When the token for clients on this machine ends; nil where there is none that can be used.
    private func clientTokenEnd(_ key: TokenKey, at now: Date) async throws -> Date? {
        guard FileManager.default.fileExists(atPath: clientTokenFile.path) else { return nil }
        let token = String(decoding: try KeyFile.read(clientTokenFile), as: UTF8.self)
            .trimmingCharacters(in: .newlines)
        guard await key.isValid(token, at: now) else { return nil }
        return try await key.claims(of: token).exp.map(Date.init(timeIntervalSince1970:))
    }
}
