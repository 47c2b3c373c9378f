import ArgumentParser
import Copies
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
            --snapshots, are read as they are, also beside a running server. SQL that is not given is read from standard \
            input; a terminal has a prompt for it.

            A size is a whole number with its unit: 500kB, 64MB (powers of 1,000), 8GiB (powers of 1,024).
            """,
        examples: [
            "query 'SELECT hostname, xname FROM compute_nodes LIMIT 5'",
            "query --server http://localhost:8080 'FROM components'",
            "query 'FROM compute_nodes' --output nodes.parquet",
        ]
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
            Form of the answer. (default: what the ending of --output says, else a table on a terminal, and csv \
            elsewhere)
            """
    )
    var format: AnswerFormat?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("File to write the answer to; it appears when it is complete.", valueName: "file")
    )
    var output: String?

    @OptionGroup
    var server: ServerOptions

    @OptionGroup
    var store: StoreOptions

    @Option(
        help: ArgumentHelp(
            "Folder of snapshots, or s3://BUCKET/PREFIX, to ask instead of a data folder.",
            valueName: "location"
        )
    )
    var snapshots: String?

    @Option(
        help: ArgumentHelp("Memory for the data of a query on files. (default: 1GiB)", valueName: "size"),
        transform: ByteSizeArgument.read
    )
    var queryMemory = ByteSizeArgument(bytes: QueryLimits().memory)

    @OptionGroup
    var attachments: AttachmentOptions

    func validate() throws {
        // The environment may have those of a server.
        let isFromEnvironment = ProcessInfo.processInfo.environment["NODE_ORCHESTRATOR_ATTACH"]?.isEmpty == false
        guard server.server == nil || attachments.attach.isEmpty || isFromEnvironment else {
            throw ValidationError("--attach cannot be used with --server; the server has attachments of its own.")
        }
        guard sql == nil || file == nil else { throw ValidationError("Give the SQL or a --file, not both.") }
        guard server.server == nil || snapshots == nil else {
            throw ValidationError("Give --server or --snapshots, not both.")
        }
        guard queryMemory.bytes >= QueryOptions.minimumMemory else {
            throw ValidationError("--query-memory is at least \(ByteSizeArgument(bytes: QueryOptions.minimumMemory)).")
        }
    }

    func run() async throws {
        let statement = try givenStatement()
        guard statement != nil || (output == nil && param.isEmpty) else {
            throw ValidationError("--output and --param are for SQL that is given, not for a prompt.")
        }
        let interrupts = Interrupts()
        try await Self.withTemporaryFolder { folder in
            let target: QueryTarget = try await interrupts.cancelling { try await self.target(folder) }
            let upkeep = Task { try await target.run() }
            defer { upkeep.cancel() }
            let outcome = await Result { try await answer(statement, by: target, interrupts) }
            try target.close()
            try outcome.get()
        }
    }

    private func answer(_ statement: String?, by target: QueryTarget, _ interrupts: Interrupts) async throws {
        guard let statement else {
            return try await QueryPrompt(target, at: at, format: format, interrupts).run()
        }
        let output = try AnswerOutput(format, file: output)
        let request = QueryRequest(sql: statement, parameters: param, moment: at, format: output.queryFormat)
        try await interrupts.cancelling { try await output.write(request, target) }
    }

    /// Does something that may make a folder, which is gone afterwards.
    private static func withTemporaryFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "node-orchestrator-\(UUID().uuidString)")
        let outcome = await Result { try await body(folder) }
        if FileManager.default.fileExists(atPath: folder.path) { try Disk().remove(folder) }
        try outcome.get()
    }

    /// The SQL; nil where a terminal is to be asked.
    private func givenStatement() throws -> String? {
        if let sql { return sql }
        if let file, file != "-" {
            do {
                return try String(contentsOfFile: file, encoding: .utf8)
            } catch {
                throw CommandError("cannot read \(file): \(error.systemReason)")
            }
        }
        guard file != nil || isatty(STDIN_FILENO) == 0 else { return nil }
        let input = try FileHandle.standardInput.readToEnd() ?? Data()
        return String(decoding: input, as: UTF8.self)
    }

    /// - Parameter manifests: Where those of snapshots elsewhere are kept.
    private func target(_ manifests: URL) async throws -> QueryTarget {
        if let client = try server.client(store.directory) { return .server(client) }
        var limits = QueryLimits.none
        limits.memory = queryMemory.bytes
        try attachments.set(&limits)
        return .files(QueryService(try await source(manifests), limits, logger: .offline()))
    }

    private func source(_ manifests: URL) async throws -> QuerySource {
        guard let snapshots else { return try QuerySource(OfflineHistory(store.existing())) }
        let place = try CopyPlace(snapshots)
        guard case .folder(let folder) = place else {
            let folder = SnapshotFolder(manifests)
            try await place.fetchManifests(to: folder)
            return try QuerySource(history(folder)) { name, id, file in try await place.fetch(name, of: id, to: file) }
        }
        return try QuerySource(history(folder))
    }

    private func history(_ folder: SnapshotFolder) throws -> OfflineHistory {
        do {
            if let history = try OfflineHistory(folder) { return history }
        } catch let error as SnapshotError {
            throw CommandError("the newest snapshot in \(snapshots ?? "") cannot be used: it \(error)")
        }
        throw CommandError("there are no snapshots in \(snapshots ?? "")")
    }
}
