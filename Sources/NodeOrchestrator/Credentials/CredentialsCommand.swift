import ArgumentParser

/// Works on what BMCs are logged in to with.
struct CredentialsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credentials",
        abstract: "Change the key that seals the passwords of BMCs.",
        subcommands: [CredentialsRotateCommand.self]
    )
}
