import ArgumentParser
import Store

/// Which snapshots and how much history are kept.
struct RetentionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many snapshots to keep.", valueName: "n"))
    var snapshotKeep = 24

    @Option(
        help: ArgumentHelp(
            "Keep snapshots younger than this, too, however many they are. (default: no more than --snapshot-keep)",
            valueName: "time"
        ),
        transform: DurationArgument.read
    )
    var snapshotKeepFor: DurationArgument?

    @Option(
        help: ArgumentHelp(
            "How far back every moment can be read and restored. 0: as far as the kept snapshots go. (default: 30d)",
            valueName: "time"
        ),
        transform: DurationArgument.read
    )
    var historyKeepFor = DurationArgument(seconds: 30 * 86_400)

    func validate() throws {
        guard snapshotKeep >= 1 else { throw ValidationError("--snapshot-keep is at least 1.") }
    }

    var retention: Retention {
        Retention(count: snapshotKeep, age: snapshotKeepFor?.duration, history: historyKeepFor.duration)
    }
}
