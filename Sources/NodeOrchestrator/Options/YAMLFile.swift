import Foundation
import Records
import Yams

/// A file of YAML, or of JSON, which is YAML too.
enum YAMLFile {
    /// Why a file cannot be read.
    struct Failure: Error {
        /// The end of a sentence.
        var reason: String
    }

    /// The keys of a file with their values; nil for an empty one.
    static func mapping(_ path: String) throws(Failure) -> Node.Mapping? {
        let text: String
        do {
            text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        } catch {
            throw Failure(reason: error.systemReason)
        }
        return try mapping(of: text)
    }

    /// The keys of a file's text with their values; nil for an empty one.
    static func mapping(of text: String) throws(Failure) -> Node.Mapping? {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw Failure(reason: (error as? YamlError)?.problem ?? "\(error)")
        }
        guard let root else { return nil }
        guard let mapping = root.mapping else { throw Failure(reason: "it does not consist of keys with values") }
        return mapping
    }
}
