import Foundation
import ServiceLifecycle

/// Ends the program a while after it was asked to stop, whatever still goes on. What was acknowledged is in the journal.
struct StopLimit: Service {
    let duration: Duration

    func run() async throws {
        try await gracefulShutdown()
        let thread = Thread { [duration] in
            Thread.sleep(forTimeInterval: duration / .seconds(1))
            FileHandle.standardError.write(Data("the server did not stop in time and ends now\n".utf8))
            // Without what is done at a proper end, which may be what does not end.
            _exit(1)
        }
        thread.start()
    }
}
