package import Completeness
package import Foundation
import GuardedFiles
import Records

/// Where the keys come from that seal secrets: the first seals, the others open what they have sealed before.
package enum CredentialKeySource: Sendable, Equatable {
    /// The file in the data directory, with a key that the server makes.
    case generated
    /// A file that nobody outside its group can read.
    case file(URL)
    /// What a command of the shell prints.
    case command(String)

    /// The keys of a file or a command; nil where the server makes its own.
    ///
    /// - Throws: ``DiskError`` that names the source, and nothing of what it has.
    func keys() async throws(DiskError) -> [CredentialKey]? {
        do {
            switch self {
            case .generated: return nil
            case .file(let file):
                let file = GuardedFile(file, "--credentials-key-file", guarded: .fromStrangers)
                return try CredentialKey.all(in: file.read().bytes)
            case .command(let command): return try await CredentialKey.all(in: KeyCommand.output(of: command))
            }
        } catch let error as SecretError {
            throw Self.failure("\(self) gives no credential keys: \(error)")
        } catch {
            throw Self.failure("\(error)")
        }
    }

    /// The keys that a server would have which uses a data directory, without making any; none where there are none yet.
    package func present(in directory: DataDirectory) async throws -> [CredentialKey] {
        if let given = try await keys() { return given }
        guard FileManager.default.fileExists(atPath: directory.credentialKey.path) else { return [] }
        return try CredentialKey.own(directory.credentialKey)
    }

    private static func failure(_ message: String) -> DiskError {
        DiskError(message: message, reason: "the credential keys cannot be read")
    }
}

extension CredentialKeySource: CustomStringConvertible {
    package var description: String {
        switch self {
        case .generated: "the data directory"
        case .file(let file): "the file \(file.path) of --credentials-key-file"
        case .command: "the command of --credentials-key-command"
        }
    }
}
