import Logging
import ServiceLifecycle
import UnixSignals

/// Takes SIGHUP, as a terminal sends it that goes away and as supervisors have a server read its configuration again, so that
/// it does not end the program. Files of logs are opened again then; options are read at the start only.
struct HangUps: Service {
    private let signals: UnixSignalsSequence
    private let logger: Logger
    /// Done at each signal.
    var onHangUp: @Sendable () async -> Void = {}

    /// Takes the signal from now on.
    init(logger: Logger) async {
        signals = await UnixSignalsSequence(trapping: .sighup)
        self.logger = logger
    }

    func run() async {
        for await _ in signals.cancelOnGracefulShutdown() {
            await onHangUp()
            logger.notice(
                "SIGHUP: the audit log was opened again; options are read at the start only; stop with SIGTERM"
            )
        }
    }
}
