import Crypto
import Foundation
import Records
import Schema

/// A key that seals the secrets of documents: 32 bytes for AES-256-GCM.
package struct CredentialKey: Sendable {
    /// What tells the key from others: the first eight hexadecimal digits of its SHA-256.
    package let id: String
    let bytes: [UInt8]

    /// Bytes of a key.
    private static let length = 32

    /// - Throws: ``SecretError/malformedKey`` for another number of bytes than 32.
    package init(_ bytes: [UInt8]) throws(SecretError) {
        guard bytes.count == Self.length else { throw .malformedKey }
        self.init(ofLength: bytes)
    }

    private init(ofLength bytes: [UInt8]) {
        self.bytes = bytes
        id = SHA256.hash(data: bytes).prefix(4).hexadecimal
    }

    /// A new key of random bytes.
    static func random() -> CredentialKey {
        var generator = SystemRandomNumberGenerator()
        return CredentialKey(ofLength: (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    // MARK: Text

    /// Reads keys: the 32 bytes of one, or a line of base64 for each.
    ///
    /// - Returns: At least one.
    /// - Throws: ``SecretError/malformedKey``.
    package static func all(in text: [UInt8]) throws(SecretError) -> [CredentialKey] {
        if text.count == length { return [CredentialKey(ofLength: text)] }
        var keys: [CredentialKey] = []
        for line in String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let line = line.trimmingCharacters(in: .whitespaces)
            guard let bytes = Data(base64Encoded: line) else { throw .malformedKey }
            keys.append(try CredentialKey(Array(bytes)))
        }
        guard !keys.isEmpty else { throw .malformedKey }
        return keys
    }

    /// The keys in the file of a server's own.
    static func own(_ file: URL) throws(DiskError) -> [CredentialKey] {
        let text = try KeyFile.read(file)
        do throws(SecretError) {
            return try all(in: text)
        } catch {
            throw DiskError(message: "the key file \(file.path) is damaged: \(error)")
        }
    }

    /// What ``all(in:)`` reads.
    static func text(_ keys: [CredentialKey]) -> [UInt8] {
        Array(keys.map { Data($0.bytes).base64EncodedString() + "\n" }.joined().utf8)
    }
}
