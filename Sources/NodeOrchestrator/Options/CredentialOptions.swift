import ArgumentParser
import Foundation
import Store

/// Where the keys come from that seal the passwords of BMCs.
struct CredentialOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "File with the key that seals the passwords of BMCs, and with older ones. (default: one that the server makes)",
            valueName: "file"
        )
    )
    var credentialsKeyFile: String?

    @Option(
        help: ArgumentHelp(
            "Command of the shell that prints these keys, such as one that asks Vault.",
            valueName: "command"
        )
    )
    var credentialsKeyCommand: String?

    func validate() throws {
        guard credentialsKeyFile == nil || credentialsKeyCommand == nil else {
            throw ValidationError("--credentials-key-file cannot be used with --credentials-key-command.")
        }
    }

    var source: CredentialKeySource {
        if let credentialsKeyFile { return .file(URL(filePath: credentialsKeyFile)) }
        return credentialsKeyCommand.map { .command($0) } ?? .generated
    }
}
