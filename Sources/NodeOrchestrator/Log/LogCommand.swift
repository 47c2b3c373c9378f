import ArgumentParser
import PostgreSQL
import Replication

/// Looks after the log that servers share.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Begin a log that servers share with an inventory, part with it, or put back what it has lost.",
        subcommands: [LogImportCommand.self, LogExportCommand.self, LogPushCommand.self]
    )
}

/// Which log is meant.
struct LogOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "PostgreSQL database of the log. Passwords come from PGPASSFILE or ~/.pgpass.",
            valueName: "postgres://…"
        )
    )
    var log: String

    /// Does something with the log, and says what is wrong in the words of the command.
    func withLog<Value>(_ body: (LogRepair) throws -> Value) throws -> Value {
        do {
            return try body(LogRepair(PostgresLocation(log)))
        } catch let error as PostgresError {
            throw CommandError("--log: \(error)")
        } catch let error as LogError {
            throw CommandError("\(error)")
        }
    }
}
