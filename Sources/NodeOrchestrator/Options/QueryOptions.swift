import ArgumentParser
import Query

/// What statements of SQL may take.
struct QueryOptions: ParsableArguments {
    private static let standard = QueryLimits()

    @Option(
        help: ArgumentHelp(
            "How long a query may take, until its answer has been sent. (default: 30s)",
            valueName: "time"
        ),
        transform: DurationArgument.read
    )
    var queryTimeout = DurationArgument(Self.standard.time)

    @Option(
        help: ArgumentHelp("Memory for the data of a query. (default: 1GiB)", valueName: "size"),
        transform: ByteSizeArgument.read
    )
    var queryMemory = ByteSizeArgument(bytes: Self.standard.memory)

    @Option(help: ArgumentHelp("How many rows the answer to a query may have.", valueName: "n"))
    var queryMaxRows = Self.standard.rows

    @Option(
        help: ArgumentHelp("Size that the answer to a query may have. (default: 256MiB)", valueName: "size"),
        transform: ByteSizeArgument.read
    )
    var queryMaxSize = ByteSizeArgument(bytes: Self.standard.size)

    @Option(help: ArgumentHelp("How many queries run at once.", valueName: "n"))
    var queryWorkers = Self.standard.workers

    @Option(
        help: ArgumentHelp(
            "How many queries may wait for their turn; further ones are answered with 503.",
            valueName: "n"
        )
    )
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
