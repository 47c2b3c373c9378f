import ArgumentParser
import CSystemShims
import Foundation
import Journal
import Query
import Records

@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node-orchestrator",
        abstract: "The inventory of an HPC cluster.",
        discussion: """
            Every option of every command can also come from the environment: --data-dir from \
            NODE_ORCHESTRATOR_DATA_DIR.
            """,
        version: Version.current,
        subcommands: [
            ServeCommand.self, QueryCommand.self, SnapshotCommand.self, RestoreCommand.self, DiffCommand.self,
            JournalCommand.self, AuditCommand.self, CredentialsCommand.self, ReplicasCommand.self, LogCommand.self,
            SchemasCommand.self,
            TokenCommand.self,
        ]
    )

    static func main() async {
        // Before there are other threads, which a worker could not wall in.
        let words = CommandLine.arguments
        if words.count == 3, words[1] == QueryWorker.command, let parent = Int32(words[2]) {
            return QueryWorker.run(parent: parent)
        }
        do {
            let given = Array(CommandLine.arguments.dropFirst())
            let (path, subcommand) = subcommand(of: given)
            let arguments = try SettingSources(subcommand, configured: ServeCommand.self).arguments(
                Array(given.dropFirst(path.count)),
                environment: ProcessInfo.processInfo.environment
            )
            var command = try parseAsRoot(path + arguments)
            if (command as? ServeCommand)?.coreDumps != true { no_leave_no_core() }
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as JournalError {
            exit(withError: CommandError(error))
        } catch {
            exit(withError: error)
        }
    }

    /// The command that arguments begin with the names of, and those names.
    private static func subcommand(of arguments: [String]) -> (path: [String], type: any ParsableCommand.Type) {
        var type: any ParsableCommand.Type = Program.self
        var path: [String] = []
        for name in arguments {
            guard let next = type.configuration.subcommands.first(where: { $0.configuration.commandName == name })
            else { break }
            type = next
            path.append(name)
        }
        return (path, type.configuration.defaultSubcommand ?? type)
    }
}
