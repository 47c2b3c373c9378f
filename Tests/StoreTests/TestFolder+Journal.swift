import Completeness
import Foundation
import TestSupport

/// The files of the journal's segments in a data folder, oldest first.
func segments(in folder: URL) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(
        at: folder.appending(path: "journal"),
        includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "ndjson" && !$0.lastPathComponent.hasPrefix(".") }.sorted { $0.path < $1.path }
}

extension TestFolder {
    /// The folder as a program sees it.
    var directory: DataDirectory { DataDirectory(folder) }

    /// Looks at the journal and changes nothing.
    func inspection() throws -> JournalInspection {
        try JournalInspection(directory)
    }

    /// The contents of every file, by its path.
    func everyFile() throws -> [String: Data] {
        var files: [String: Data] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            let file = folder.appending(path: path)
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
            files[path] = try Data(contentsOf: file)
        }
        return files
    }
}

extension URL {
    /// Changes one bit of a file's line, counted from 0, in its middle.
    func damage(line: Int) throws {
        var bytes = try Data(contentsOf: self)
        let range = bytes.split(separator: UInt8(ascii: "\n"))[line].indices
        bytes[(range.lowerBound + range.upperBound) / 2] ^= 1
        try bytes.write(to: self)
    }
}
