import Schema

extension Resource {
    /// The document as it is stored and served.
    package var document: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// The resource that a stored document describes.
    ///
    /// Stored documents are in normal form; one that cannot be read is a broken invariant and traps.
    package init(stored document: [UInt8]) {
        do {
            self = try Self(json: JSONValue(parsing: document))
        } catch {
            preconditionFailure("a stored \(Self.kind.name) cannot be read: \(error)")
        }
    }
}
