import ArgumentParser
import Foundation
import Store

@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node-orchestrator",
        abstract: "The inventory of an HPC cluster.",
        version: Version.current,
        subcommands: [ServeCommand.self, SchemasCommand.self, TokenCommand.self]
    )

    static func main() async {
        do {
            var arguments = Array(CommandLine.arguments.dropFirst())
            if arguments.first == ServeCommand.configuration.commandName {
                arguments =
                    try arguments.prefix(1)
                    + SettingSources(ServeCommand.self)
                    .arguments(Array(arguments.dropFirst()), environment: ProcessInfo.processInfo.environment)
            }
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: error)
        }
    }
}
