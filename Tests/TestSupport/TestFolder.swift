package import Foundation

/// A folder that goes with its owner.
package final class TestFolder: Sendable {
    package let folder = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)")

    package init() {}

    package init(copying original: URL) throws {
        try FileManager.default.copyItem(at: original, to: folder)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)  // The system clears its temporary folder.
    }
}
