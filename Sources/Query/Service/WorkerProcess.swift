import CSystemShims
import Foundation
import Synchronization

/// A process that carries out statements. It ends when nobody holds this any more.
final class WorkerProcess: Sendable {
    /// Its number in the system.
    let identifier: Int32
    /// The server's end of the socket.
    let socket: Int32
    private let isOver = Mutex(false)

    /// Starts a process. On Linux it ends with the thread that calls this.
    ///
    /// - Parameter program: The program that has the hidden command.
    init(_ program: String) throws(BrokenConnection) {
        let arguments = [program, QueryWorker.command, "\(getpid())"]
        var copies: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        var (socket, process): (Int32, Int32) = (-1, -1)
        let error = no_spawn(program, &copies, &socket, &process)
        guard error == 0 else {
            throw BrokenConnection(description: "a query worker cannot be started: \(String(cString: strerror(error)))")
        }
        (self.socket, identifier) = (socket, process)
    }

    /// Ends the process, whatever it is at.
    func end() {
        isOver.withLock { isOver in
            // The number may be that of another process later.
            guard !isOver else { return }
            isOver = true
            kill(identifier, SIGKILL)
        }
    }

    deinit {
        end()
        close(socket)
        let identifier = identifier
        // The system takes back the memory of a large process in a while.
        Thread {
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        }.start()
    }

    /// The program that runs now, even if its file has been replaced.
    static var ownProgram: String {
        #if os(Linux)
            "/proc/self/exe"
        #else
            Bundle.main.executablePath ?? CommandLine.arguments[0]
        #endif
    }
}
