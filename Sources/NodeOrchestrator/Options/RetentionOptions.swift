import ArgumentParser
import Store

/// Which snapshots and how much history are kept.
struct RetentionOptions: ParsableArguments {
    @Option(help: "How many snapshots to keep.")
    var snapshotKeep = 24

    @Option(
        help: "Keep snapshots younger than this too, however many they are. (default: no more than --snapshot-keep)",
        transform: DurationArgument.read
    )
    var snapshotKeepFor: DurationArgument?

    @Option(
        help:
            "How far back every moment can be read and restored; 0 for as far as the snapshots that are kept. (default: 30d)",
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
