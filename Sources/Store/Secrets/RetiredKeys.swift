import Foundation
import Records

/// Which keys no longer seal anything, each with the number of the first transaction whose state does not need it: whoever goes
/// back before that needs it again.
struct RetiredKeys {
    private let file: URL
    /// By the keys' ids.
    private(set) var needed: [String: UInt64]

    /// What a file in the folder of keys says; nothing where there is none.
    init(in keys: URL) throws(DiskError) {
        file = keys.appending(path: "retired.json")
        needed = [:]
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        do {
            needed = try JSONDecoder().decode([String: UInt64].self, from: Data(KeyFile.read(file)))
        } catch let error as DiskError {
            throw error
        } catch {
            throw DiskError(message: "\(file.path) is damaged; it is an object of credential keys and transactions")
        }
    }

    /// Notes, for good, from when on keys are not needed, and forgets others.
    mutating func set(_ needed: [String: UInt64]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // With all keys given there may be nothing else in it.
        try Disk().createFolder(file.deletingLastPathComponent(), permissions: 0o700)
        try Disk().replace(file, Array(encoder.encode(needed)), permissions: 0o600)
        self.needed = needed
    }
}
