import CSystemShims
import Foundation
import Inventory
import Records
import Synchronization

/// A process that carries out statements. It ends when nobody holds this any more.
final class WorkerProcess: Sendable {
    /// Its number in the system.
    let identifier: Int32
    /// The server's end of the socket.
    let socket: Int32
    private let state: ProcessState

    /// Starts a process of the program that runs now. On Linux it ends with the thread that calls this.
    ///
    /// - Throws: Where the system has no room for it.
    init() throws(Refusal) {
        let arguments = [Self.program, QueryWorker.command, "\(getpid())"]
        var copies: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        var (socket, process): (Int32, Int32) = (-1, -1)
        let error = no_spawn(Self.program, &copies, &socket, &process)
        guard error == 0 else {
            let reason = String(cString: strerror(error))
            throw Refusal(.unavailable, "A process for the query cannot be started: \(reason); try again soon.")
        }
        (self.socket, identifier) = (socket, process)
        state = ProcessState(process)
    }

    /// Ends the process, whatever it is at.
    func end() { state.end() }

    /// Waits for the end of the process, which is near.
    ///
    /// - Returns: The signal that has ended it, 0 where it has ended by itself, and the most memory that it had in bytes.
    func death() -> (signal: Int32, memory: Int) { state.wait() }

    deinit {
        end()
        close(socket)
        // The system takes back the memory of a large process in a while.
        Thread { [state] in _ = state.wait() }.start()
    }

    /// Whether a process is there, whose number may be that of another process afterwards.
    private final class ProcessState: Sendable {
        private let identifier: Int32
        private let death = Mutex<(signal: Int32, memory: Int)?>(nil)

        init(_ identifier: Int32) {
            self.identifier = identifier
        }

        func end() {
            death.withLock { death in
                if death == nil { kill(identifier, SIGKILL) }
            }
        }

        func wait() -> (signal: Int32, memory: Int) {
            // Whoever only wants to end the process need not wait for that.
            var ended = siginfo_t()
            while waitid(P_PID, id_t(identifier), &ended, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            return death.withLock { death in
                if let death { return death }
                var (status, usage): (Int32, rusage) = (0, rusage())
                while wait4(identifier, &status, 0, &usage) < 0, errno == EINTR {}
                // The lowest seven bits are the signal (wait(2)), and the memory is in kilobytes (getrusage(2)).
                let found = (signal: status & 0x7F, memory: Int(usage.ru_maxrss) << 10)
                death = found
                return found
            }
        }
    }

    /// The program that runs now, even if its file has been replaced.
    private static var program: String {
        #if os(Linux)
            "/proc/self/exe"
        #else
            Bundle.main.executablePath ?? CommandLine.arguments[0]
        #endif
    }
}
