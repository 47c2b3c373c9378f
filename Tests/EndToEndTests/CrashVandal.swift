import Foundation
import TestSupport

/// Removes, renames, cuts or replaces a file of a data directory, and puts it back.
struct CrashVandal {
    /// What was done, and to what.
    private(set) var deed: String
    /// What a refusal has to name: the file, or the folder that it was in.
    private(set) var names: [String]
    private let path: URL
    private let original: URL
    /// The name that a renamed file gets.
    private let otherName: URL

    /// Does it.
    ///
    /// - Parameters:
    ///   - older: A copy of the data directory as it was some rounds ago; nil where there is none yet.
    ///   - aside: Where the original is kept.
    /// - Returns: Nil where there is nothing to do it to.
    init?(
        _ data: URL,
        older: URL?,
        aside: URL,
        using generator: inout SeededGenerator
    ) throws {
        // Whole folders too, and the lock and the head more often than one of many segments.
        let paths = try FileManager.default.subpathsOfDirectory(atPath: data.path).filter { !$0.hasPrefix("tmp") }
            .sorted()
        let top = paths.filter { !$0.contains("/") }
        guard let path = (Bool.random(using: &generator) ? top : paths).randomElement(using: &generator) else {
            return nil
        }
        self.path = data.appending(path: path)
        original = aside
        otherName = self.path.appendingPathExtension("old-\(UInt32.random(in: 0...(.max), using: &generator))")
        names = [self.path.path, self.path.deletingLastPathComponent().path]
        try FileManager.default.moveItem(at: self.path, to: original)
        let isFolder = try original.resourceValues(forKeys: [.isDirectoryKey]).isDirectory ?? false
        let before = older?.appending(path: path)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0 where !isFolder:
            let bytes = try Data(contentsOf: original)
            let count = Int.random(in: 0...max(0, bytes.count - 1), using: &generator)
            try FileManager.default.copyItem(at: original, to: self.path)
            try FileHandle(forWritingTo: self.path).truncate(atOffset: UInt64(count))
            deed = "cut \(path) off at \(count) of \(bytes.count) bytes"
        case 1:
            try FileManager.default.copyItem(at: original, to: otherName)
            deed = "renamed \(path)"
        case 2:
            guard let before, FileManager.default.fileExists(atPath: before.path) else { fallthrough }
            try FileManager.default.copyItem(at: before, to: self.path)
            deed = "put an older \(path) back"
        default: deed = "removed \(path)"
        }
    }

    /// Leaves it at that, but for segments of the journal, of which `journal verify` has something to say to the end.
    func forget() throws {
        if path.pathExtension == "ndjson", FileManager.default.fileExists(atPath: path.path) {
            try undo()
        } else {
            try FileManager.default.removeItem(at: original)
        }
    }

    /// Puts everything back as it was.
    func undo() throws {
        for place in [path, otherName] where FileManager.default.fileExists(atPath: place.path) {
            try FileManager.default.removeItem(at: place)
        }
        try FileManager.default.moveItem(at: original, to: path)
    }
}
