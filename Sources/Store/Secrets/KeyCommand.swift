import Records
import Subprocess

/// A command of the shell that prints keys, such as one that asks Vault or another key management service.
enum KeyCommand {
    /// How long it may take.
    private static let patience = Duration.seconds(30)
    /// How much it may print, in bytes.
    private static let maximumOutput = 1 << 16

    /// What the command prints to its standard output. Its standard error is the program's.
    ///
    /// - Throws: Where it takes too long, prints too much, or ends with another status than 0.
    static func output(of command: String) async throws(DiskError) -> [UInt8] {
        do {
            return try await withThrowingTaskGroup { group in
                group.addTask { try await run(command) }
                group.addTask {
                    try await Task.sleep(for: patience)
                    throw failure("takes longer than 30 s")
                }
                defer { group.cancelAll() }
                guard let output = try await group.next() else { throw failure("is not run") }
                return output
            }
        } catch let error as DiskError {
            throw error
        } catch {
            throw failure("cannot be run: \(error)")
        }
    }

    private static func run(_ command: String) async throws -> [UInt8] {
        var options = PlatformOptions()
        // What the shell has started ends with it.
        options.createSession = true
        options.teardownSequence = [.send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .zero)]
        do {
            let result = try await Subprocess.run(
                .name("sh"),
                arguments: ["-c", command],
                platformOptions: options,
                output: .bytes(limit: maximumOutput),
                error: .currentStandardError
            )
            guard result.terminationStatus.isSuccess else { throw failure("fails: \(result.terminationStatus)") }
            return result.standardOutput
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            throw failure("prints more than 64 KiB")
        }
    }

    private static func failure(_ reason: String) -> DiskError {
        DiskError(message: "the command of --credentials-key-command \(reason)")
    }
}
