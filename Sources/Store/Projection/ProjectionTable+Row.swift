import Inventory
import Schema

extension ProjectionTable {
    /// The document as ``mergeStatements`` reads it: free-form objects stand in it as strings that hold their text.
    func row(of stored: StoredResource) -> [UInt8] {
        guard freeFormKeys.contains(where: stored.document.contains(bytes:)) else {
            return stored.document
        }
        var writer = JSONWriter(freeFormAsText: true)
        kind.resourceType.init(stored: stored.document).write(to: &writer)
        return writer.bytes
    }
}

extension [UInt8] {
    /// Whether other bytes stand somewhere among these.
    ///
    /// The standard library's search is generic code that is not specialised for bytes: with it, loading nodes took
    /// about twice as long.
    fileprivate func contains(bytes: [UInt8]) -> Bool {
        withUnsafeBufferPointer { text in
            bytes.withUnsafeBufferPointer { bytes in
                (0..<Swift.max(0, text.count - bytes.count + 1)).contains { start in
                    bytes.indices.allSatisfy { text[start + $0] == bytes[$0] }
                }
            }
        }
    }
}
