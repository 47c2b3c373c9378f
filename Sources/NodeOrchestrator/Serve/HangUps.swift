import Logging
import ServiceLifecycle
import UnixSignals

/// Takes SIGHUP, as a terminal sends it that goes away and as supervisors have a server read its configuration again, so that
/// it does not end the program. Options are read at the start only; files that they name may be read again.
struct HangUps: Service {
    private let signals: UnixSignalsSequence
    private let logger: Logger
    /// What is done at each signal.
    var actions: [@Sendable () -> Void] = []

    /// Takes the signal from now on.
    init(logger: Logger) async {
        signals = await UnixSignalsSequence(trapping: .sighup)
        self.logger = logger
    }

    func run() async {
        for await _ in signals.cancelOnGracefulShutdown() {
            if actions.isEmpty {
                logger.notice("SIGHUP changes nothing: options are read at the start; stop with SIGTERM")
            } else {
                logger.notice("SIGHUP: files that can change are read again; options are read at the start")
            }
            for action in actions { action() }
        }
    }
}
