import Foundation

/// Something that the disk did not do.
package struct DiskError: Error, Sendable, CustomStringConvertible {
    /// What was not done, to which file, and why.
    package let description: String
    /// Why, without the names of files.
    package let reason: String

    package init(message: String, reason: String = "the disk fails") {
        description = message
        self.reason = reason
    }

    /// - Parameters:
    ///   - operation: What failed.
    ///   - code: The value of `errno` that says why.
    init(_ operation: String, _ path: URL, _ code: Int32) {
        reason = String(cString: strerror(code))
        description = "cannot \(operation) \(path.path): \(reason)"
    }
}
