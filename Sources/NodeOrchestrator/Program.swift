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
            if let name = arguments.first,
                let command = configuration.subcommands.first(where: { $0.configuration.commandName == name })
            {
                let environment = ProcessInfo.processInfo.environment
                arguments =
                    try [name]
                    + SettingSources(command).arguments(Array(arguments.dropFirst()), environment: environment)
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
