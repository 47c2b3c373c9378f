import ArgumentParser

/// Looks after the servers that share a log.
struct ReplicasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replicas",
        abstract: "Show the servers that share a log, or have another one of them lead.",
        subcommands: [ReplicasListCommand.self, ReplicasLeadCommand.self],
        defaultSubcommand: ReplicasListCommand.self
    )
}
