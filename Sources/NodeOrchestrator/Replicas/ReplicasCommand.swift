import ArgumentParser

/// Looks after the servers that share a log.
struct ReplicasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replicas",
        abstract: "Show the servers that share a log, have another one of them lead, or have one join afresh.",
        subcommands: [ReplicasListCommand.self, ReplicasLeadCommand.self, ReplicasResetCommand.self],
        defaultSubcommand: ReplicasListCommand.self
    )
}
