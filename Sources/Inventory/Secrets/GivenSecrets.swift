/// Secrets that came with a document, sealed.
package struct GivenSecrets: Sendable {
    /// JSON pointers of the strings that stand for them, in the document's order.
    package private(set) var pointers: [String] = []
    /// The secrets by their pointers.
    package private(set) var sealed = SealedSecrets()

    package init() {}

    package init(_ secrets: [(pointer: String, secret: SealedSecret)]) {
        pointers = secrets.map(\.pointer)
        sealed = SealedSecrets(secrets)
    }

    package var isEmpty: Bool { pointers.isEmpty }
}
