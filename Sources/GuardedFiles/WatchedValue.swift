private import Foundation
package import Logging
import ServiceLifecycle
import Synchronization

/// What files say that may change while the program runs. Files that cannot be used change nothing, and the log says why.
package final class WatchedValue<Value: Sendable>: Service {
    /// Works out what files say; its errors are complete sentences.
    package typealias Reading = @Sendable ([GuardedFile.Content]) throws -> Value

    private struct State {
        /// What the files had when they could be used last.
        var contents: [[UInt8]]
        var value: Value
        var fault = RepeatedFault()
    }

    private let files: [GuardedFile]
    private let reading: Reading
    private let logger: Logger
    private let state: Mutex<State>
    private let changes = Atomic(0)

    /// How often the files are looked at.
    private let look = Duration.seconds(5)

    /// Reads files for the first time.
    ///
    /// - Throws: ``GuardedFileError``, and what `reading` throws.
    package init(_ files: [GuardedFile], logger: Logger, _ reading: @escaping Reading) throws {
        let contents = try files.map { try $0.read() }
        state = Mutex(State(contents: contents.map(\.bytes), value: try reading(contents)))
        self.files = files
        self.reading = reading
        self.logger = logger
    }

    /// What no file changes.
    package init(_ value: Value) {
        files = []
        reading = { _ in value }
        logger = Logger(label: "") { _ in SwiftLogNoOpLogHandler() }
        state = Mutex(State(contents: [], value: value))
    }

    package var value: Value { state.withLock(\.value) }

    /// Counts the changes of the value.
    package var generation: Int { changes.load(ordering: .acquiring) }

    /// Reads the files again.
    ///
    /// - Parameter isAsked: Whether somebody wants to know what is wrong, even if the log has it already.
    package func refresh(isAsked: Bool = false) {
        do {
            while try !readAgain() {}
        } catch {
            fail("\(error)", isAsked)
        }
    }

    /// - Returns: Whether that was all: not where somebody else has read the files meanwhile, and maybe later than this.
    private func readAgain() throws -> Bool {
        let before = generation
        let contents = try files.map { try $0.read() }
        let bytes = contents.map(\.bytes)
        guard bytes != state.withLock(\.contents) else {
            recover()
            return true
        }
        let value = try reading(contents)
        let isPut = state.withLock { state in
            guard generation == before else { return false }
            state = State(contents: bytes, value: value)
            changes.add(1, ordering: .releasing)
            return true
        }
        if isPut {
            logger.notice("files have changed: what they say now is in force", metadata: ["files": "\(paths)"])
        }
        return isPut
    }

    private func recover() {
        guard state.withLock({ $0.fault.end() }) else { return }
        logger.notice("files are again those that are in force", metadata: ["files": "\(paths)"])
    }

    private func fail(_ reason: String, _ isAsked: Bool) {
        guard state.withLock({ $0.fault.begin(reason) }) || isAsked else { return }
        logger.error("files cannot be used; what they said before stays in force", metadata: ["reason": "\(reason)"])
    }

    private var paths: String { files.map(\.url.path).joined(separator: ", ") }

    /// Looks at the files as long as the server runs.
    package func run() async {
        await cancelWhenGracefulShutdown {
            while true {
                do {
                    try await Task.sleep(for: self.look)
                } catch {
                    return
                }
                self.refresh()
            }
        }
    }
}
