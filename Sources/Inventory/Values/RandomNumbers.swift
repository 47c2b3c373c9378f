import Foundation

/// Random numbers of the system, good enough for keys and nonces.
///
/// They are asked for 32 at a time, since to ask for one takes longer than all else that is done with it.
package struct RandomNumbers: RandomNumberGenerator {
    private var numbers: [UInt64] = []

    package init() {}

    package mutating func next() -> UInt64 {
        if let number = numbers.popLast() { return number }
        // As many bytes as can be asked for at once.
        numbers = [UInt64](repeating: 0, count: 32)
        let failed = numbers.withUnsafeMutableBytes { getentropy($0.baseAddress!, $0.count) } != 0
        precondition(!failed, "the system has no random numbers")
        return numbers.removeLast()
    }
}
