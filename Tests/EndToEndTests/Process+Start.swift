import Foundation

extension Process {
    private static let starting = NSLock()

    /// Starts a process while no other one starts: the ends of pipes and sockets that Foundation opens for it would be open in the
    /// other one too, and nobody would hear of the end of the first before that one's.
    ///
    /// - Parameter configure: Says what is to run; pipes for it are made here.
    static func started<Result>(_ configure: (Process) throws -> Result) throws -> (process: Process, result: Result) {
        try starting.withLock {
            let process = Process()
            let result = try configure(process)
            try process.run()
            return (process, result)
        }
    }
}
