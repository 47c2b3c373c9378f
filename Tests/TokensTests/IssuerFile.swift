import Foundation
import Logging
import Schema
import TestSupport

@testable import Tokens

/// A file of an issuer's keys, which goes with its owner.
final class IssuerFile: Sendable {
    let file: URL
    private let folder = TestFolder()

    init(_ text: String = "") throws {
        file = folder.folder.appending(path: "jwks.json")
        try FileManager.default.createDirectory(at: folder.folder, withIntermediateDirectories: true)
        try write(text)
    }

    convenience init(_ keys: [SigningKey]) throws {
        try self.init(Self.text(keys))
    }

    func write(_ text: String) throws {
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    }

    func write(_ keys: [SigningKey]) throws {
        try write(Self.text(keys))
    }

    private static func text(_ keys: [SigningKey]) -> String {
        let set: JSONValue = ["keys": .array(keys.map { .object($0.jwk) })]
        return set.text
    }

    /// An issuer that looks at the file whenever a token names a key that it does not have.
    func issuer(keep: Duration = .seconds(86_400)) async throws -> TokenIssuer {
        var timing = IssuerTiming(keep: keep)
        timing.look = .zero
        // Other tests keep the processors busy.
        (timing.patience, timing.deadline) = (.seconds(600), .seconds(600))
        var logger = Logger(label: "issuer")
        logger.logLevel = .critical
        let issuer = TokenIssuer(.file(file), timing: timing, logger: logger)
        try await issuer.begin()
        return issuer
    }
}
