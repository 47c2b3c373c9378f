import Foundation
import Logging
import Records

/// A file with the secret that tokens are signed with.
enum SecretFile {
    /// The bytes of a secret file; one newline at the end is not part of the secret.
    ///
    /// - Throws: Also when others may write it.
    static func read(_ path: String, logger: Logger) throws -> [UInt8] {
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
}
