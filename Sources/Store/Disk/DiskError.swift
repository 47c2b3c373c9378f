import Foundation

/// Something that the disk did not do.
package struct DiskError: Error, Sendable, CustomStringConvertible {
    /// What was not done, to which file, and why.
    package let description: String

    package init(message: String) {
        description = message
    }

    /// - Parameters:
    ///   - operation: What failed.
    ///   - code: The value of `errno` that says why.
    init(_ operation: String, _ path: URL, _ code: Int32) {
        description = "cannot \(operation) \(path.path): \(String(cString: strerror(code)))"
    }
}
