import Foundation
import GuardedFiles
import Logging
import Tokens

/// A file with the secret that tokens are signed with.
enum SecretFile {
    /// The secret of a file, read again when it changes; one newline at the end is not part of it.
    ///
    /// - Throws: ``GuardedFileError``, also when others may write it.
    static func watched(_ path: String, logger: Logger) throws -> WatchedValue<TokenKey> {
        let file = GuardedFile(URL(filePath: path), "--jwt-secret-file", guarded: .fromWriters)
        return try WatchedValue([file], logger: logger) { contents in
            if contents[0].isReadableByOthers {
                logger.warning(
                    "other users can read the secret file, and so make tokens; do: chmod go-r",
                    metadata: ["file": "\(path)"]
                )
            }
            let bytes = contents[0].bytes
            let secret = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes
            guard !secret.isEmpty else { throw file.error("it is empty") }
            let key = TokenKey(secret: secret)
            if key.length < TokenKey.recommendedLength {
                logger.warning(
                    "the token secret is short: tokens can be forged by trying secrets",
                    metadata: [
                        "bytes": .stringConvertible(key.length),
                        "recommended": .stringConvertible(TokenKey.recommendedLength),
                    ]
                )
            }
            return key
        }
    }
}
