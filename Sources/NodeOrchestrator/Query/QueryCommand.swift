import ArgumentParser
import Foundation
import Query
import Records
import Store
import Tables

/// Carries out a statement of SQL.
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Ask the inventory by SQL.",
        discussion: """
            With --server a running server answers. Without it the files of the data folder, or of the folder of \
            --snapshots, are read as they are, also beside a running server. Without SQL a terminal is asked for it, and \
            anything else that standard input is, is read.
            """
    )

    @Argument(help: "A SELECT; see docs/sql.md.")
    var sql: String?

    @Option(name: .shortAndLong, help: "File that has the SQL; - is standard input.")
    var file: String?

    @Option(
        help: ArgumentHelp(
            "Value of the next ? of the SQL: a number, true, false, null or a text.",
            valueName: "value"
        ),
        transform: QueryParameter.init(argument:)
    )
    var param: [QueryParameter] = []

    @Option(
        help: ArgumentHelp(
            "The moment to ask about: a time, a sequence number or a snapshot's id.",
            valueName: "moment"
        ),
        transform: Moment.argument
    )
    var at: Moment?

    @Option(
        help: """
            table, csv, json, ndjson or parquet. (default: what the ending of --output says, else a table on a terminal, \
            and csv elsewhere)
            """
    )
    var format: AnswerFormat?

    @Option(name: .shortAndLong, help: "File to write the answer to, which is there when it is complete.")
    var output: String?

    @OptionGroup
    var server: ServerOptions

    @OptionGroup
    var store: StoreOptions

    @Option(help: ArgumentHelp("Folder of snapshots to ask, instead of a data folder.", valueName: "folder"))
    var snapshots: String?

    @Option(help: "Memory for the data of a query on files. (default: 1GiB)", transform: ByteSizeArgument.read)
    var queryMemory = ByteSizeArgument(bytes: QueryLimits().memory)

    @OptionGroup
    var attachments: AttachmentOptions

    func validate() throws {
        guard server.server == nil || attachments.attach.isEmpty else {
            throw ValidationError("A server has its own --attach.")
        }
        guard sql == nil || file == nil else { throw ValidationError("Give the SQL or a --file, not both.") }
        guard server.server == nil || snapshots == nil else {
            throw ValidationError("Give one of --server and --snapshots.")
        }
        guard queryMemory.bytes >= QueryOptions.minimumMemory else {
            throw ValidationError("--query-memory is at least \(ByteSizeArgument(bytes: QueryOptions.minimumMemory)).")
        }
    }

    func run() async throws {
        let interrupts = Interrupts()
        let statement = try givenStatement()
        let target = try target()
        do {
            if let statement {
                let output = try AnswerOutput(format, file: output)
                let request = QueryRequest(sql: statement, parameters: param, moment: at, format: output.queryFormat)
                try await interrupts.cancelling { try await output.write(request, target) }
            } else {
                try await QueryPrompt(target, at: at, format: format, interrupts).run()
            }
        } catch {
            try target.close()
            throw error is CancellationError ? ExitCode(Self.interrupted) : error
        }
        try target.close()
    }

    /// As shells count an end by SIGINT.
    private static let interrupted: Int32 = 130

    /// The SQL; nil where a terminal is to be asked.
    private func givenStatement() throws -> String? {
        if let sql { return sql }
        if let file, file != "-" {
            do {
                return try String(contentsOfFile: file, encoding: .utf8)
            } catch {
                throw CommandError("cannot read \(file): \(error.localizedDescription)")
            }
        }
        guard file != nil || isatty(STDIN_FILENO) == 0 else { return nil }
        let input = try FileHandle.standardInput.readToEnd() ?? Data()
        return String(decoding: input, as: UTF8.self)
    }

    private func target() throws -> QueryTarget {
        if let client = try server.client(store.directory) { return .server(client) }
        var limits = QueryLimits.none
        limits.memory = queryMemory.bytes
        attachments.set(&limits)
        return .files(QueryService(try QuerySource(history()), limits, logger: .offline()))
    }

    private func history() throws -> OfflineHistory {
        guard let snapshots else { return try OfflineHistory(store.existing()) }
        let folder = SnapshotFolder(URL(filePath: snapshots, directoryHint: .isDirectory))
        guard try !folder.ids().isEmpty else { throw CommandError("there are no snapshots in \(folder.path.path)") }
        return try OfflineHistory(folder)
    }
}
