package import Foundation
import Testing

/// Files that the tests read but the repository does not hold.
package enum TestData {
    /// The folder of that name, below `TEST_DATA` or `../shared/data`; nil, loudly, where it is missing.
    ///
    /// Under `CI=true` a missing folder is a failure.
    package static func folder(_ name: String) -> URL? {
        let environment = ProcessInfo.processInfo.environment
        let root = environment["TEST_DATA"] ?? "../shared/data"
        let folder = URL(filePath: root, directoryHint: .isDirectory).appending(path: name)
        if FileManager.default.fileExists(atPath: folder.path) { return folder }
        print("*** SKIPPED: \(folder.path) is missing; set TEST_DATA to the folder that has \(name) ***")
        if environment["CI"] == "true" { Issue.record("\(folder.path) is missing") }
        return nil
    }

    /// The JSON files in a folder and below, by path relative to it.
    package static func jsonFiles(in folder: URL) throws -> [(path: String, bytes: Data)] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        return try paths.filter { $0.hasSuffix(".json") }.map { path in
            (path, try Data(contentsOf: folder.appending(path: path)))
        }
    }
}
