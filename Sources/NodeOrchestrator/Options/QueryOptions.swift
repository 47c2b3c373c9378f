import ArgumentParser
import Query

/// What statements of SQL may take.
struct QueryOptions: ParsableArguments {
    private static let standard = QueryLimits()

    @Option(
        help: "How long a query may take, until its answer has been sent. (default: 30s)",
        transform: DurationArgument.read
    )
    var queryTimeout = DurationArgument(Self.standard.time)

    @Option(help: "Memory for the data of a query. (default: 1GiB)", transform: ByteSizeArgument.read)
    var queryMemory = ByteSizeArgument(bytes: Self.standard.memory)

    @Option(help: "How many rows the answer to a query may have.")
    var queryMaxRows = Self.standard.rows

    @Option(help: "Size that the answer to a query may have. (default: 256MiB)", transform: ByteSizeArgument.read)
    var queryMaxSize = ByteSizeArgument(bytes: Self.standard.size)

    @Option(help: "How many queries are carried out at once.")
    var queryWorkers = Self.standard.workers

    @Option(help: "How many queries wait for their turn; others are told to come back.")
    var queryMaxWaiting = Self.standard.waiting

    @OptionGroup
    var attachments: AttachmentOptions

    /// DuckDB does nothing with less.
    static let minimumMemory = 64 << 20

    func validate() throws {
        guard queryTimeout.seconds > 0 else { throw ValidationError("--query-timeout is at least 1s.") }
        guard queryMemory.bytes >= Self.minimumMemory else {
            throw ValidationError("--query-memory is at least \(ByteSizeArgument(bytes: Self.minimumMemory)).")
        }
        guard queryMaxRows > 0, queryMaxSize.bytes > 0, queryWorkers > 0, queryMaxWaiting > 0 else {
            throw ValidationError(
                "--query-max-rows, --query-max-size, --query-workers and --query-max-waiting are more than 0."
            )
        }
    }

    func limits() throws -> QueryLimits {
        var limits = QueryLimits()
        if let duration = queryTimeout.duration { limits.time = duration }
        limits.memory = queryMemory.bytes
        limits.rows = queryMaxRows
        limits.size = queryMaxSize.bytes
        limits.workers = queryWorkers
        limits.waiting = queryMaxWaiting
        try attachments.set(&limits)
        return limits
    }
}
