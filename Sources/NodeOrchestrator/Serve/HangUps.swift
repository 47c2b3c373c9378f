import Logging
import ServiceLifecycle
import UnixSignals

/// Takes SIGHUP, as a terminal sends it that goes away and as supervisors have a server read its configuration again, so that
/// it does not end the program. Options are read at the start only; files that they name are opened or read again.
struct HangUps: Service {
    private let signals: UnixSignalsSequence
    private let logger: Logger
    /// What is done at each signal.
    var actions: [@Sendable () async -> Void] = []

    /// Takes the signal from now on.
    init(logger: Logger) async {
        signals = await UnixSignalsSequence(trapping: .sighup)
        self.logger = logger
    }

    func run() async {
        for await _ in signals.cancelOnGracefulShutdown() {
            for action in actions { await action() }
            logger.notice(
                "SIGHUP: logs were opened again, and files that may change read again; stop with SIGTERM"
            )
        }
    }
}
