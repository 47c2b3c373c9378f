/// A document from a client that has passed its schema.
package final class Submission: Sendable {
    package let document: Document
    /// The secrets that came with it. In `document` an empty string stands for each.
    package let secrets: GivenSecrets
    /// The copy of another resource in the document, where it has been read already; see ``Embedding``.
    package let embedded: Document?
    /// The secrets that came with that copy, by pointers from it.
    package let embeddedSecrets: GivenSecrets
    /// Whether the document breaks rules which the stored one that it replaces broke before; a new resource cannot have it.
    package let isOnlyReplacement: Bool

    package init(
        document: Document,
        secrets: GivenSecrets = GivenSecrets(),
        embedded: Document? = nil,
        embeddedSecrets: GivenSecrets = GivenSecrets(),
        isOnlyReplacement: Bool = false
    ) {
        self.document = document
        self.secrets = secrets
        self.embedded = embedded
        self.embeddedSecrets = embeddedSecrets
        self.isOnlyReplacement = isOnlyReplacement
    }
}
