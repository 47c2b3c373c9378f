import ArgumentParser

/// Looks after the journal.
struct JournalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Check the journal, or repair it.",
        subcommands: [JournalVerifyCommand.self, JournalRepairCommand.self]
    )
}
