import Foundation

extension FileHandle {
    /// Writes a text and a newline.
    func writeLine(_ text: String) throws {
        try write(contentsOf: Data("\(text)\n".utf8))
    }
}
