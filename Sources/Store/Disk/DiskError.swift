import Foundation

/// Something that the disk did not do.
package struct DiskError: Error, Sendable, CustomStringConvertible {
    /// What was not done, to which file, and why.
    package let description: String

    package init(message: String) {
        description = message
    }

    /// - Parameter operation: What failed, with `errno` saying why.
    init(_ operation: String, _ path: URL) {
        description = "cannot \(operation) \(path.path): \(String(cString: strerror(errno)))"
    }
}
