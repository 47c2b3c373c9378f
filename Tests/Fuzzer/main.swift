import Dispatch
import Foundation
import FuzzTargets
import TestSupport

/// Runs libFuzzer, which gives bytes to a function again and again until its time is over or the program crashes
/// (https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library).
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

enum Fuzzer {
    /// The check of the target that FUZZ_TARGET names: libFuzzer starts further processes, which get no other arguments than
    /// its own.
    static let check: FuzzTarget.Check = {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        guard let target = FuzzTarget(rawValue: ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? "") else {
            FileHandle.standardError.write(Data("FUZZ_TARGET is none of \(names)\n".utf8))
            exit(EX_USAGE)
        }
        return wait { try await target.check() }
    }()

    /// Waits for a task, on a thread that no task needs; whatever it throws is a finding, which ends the program.
    static func wait<Value: Sendable>(for body: @escaping @Sendable () async throws -> Value) -> Value {
        let outcome = Shared<Result<Value, any Error>?>(nil)
        let isDone = DispatchSemaphore(value: 0)
        // Begun on this thread, which is faster where nothing is waited for.
        Task.immediate {
            let result: Result<Value, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            outcome.change { $0 = result }
            isDone.signal()
        }
        isDone.wait()
        switch outcome.value {
        case .success(let value)?: return value
        // libFuzzer takes the crash of the program for a finding, and keeps the bytes.
        case .failure(let error)?: fatalError("found: \(error)")
        case nil: preconditionFailure("a task that is done has an outcome")
        }
    }
}

var argumentCount = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(
    runFuzzer(&argumentCount, &arguments) { start, count in
        let bytes = Array(UnsafeBufferPointer(start: start, count: count))
        Fuzzer.wait { try await Fuzzer.check(bytes) }
        return 0
    }
)
