/// A secret that cannot be read without the key that sealed it.
///
/// The text is `v1.<key id>.<base64 of nonce, ciphertext and tag>`, which may be written to disk.
package struct SealedSecret: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ text: String) {
        description = text
    }

    /// The id of the key that sealed it.
    package var keyID: String {
        String(
            description.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).dropFirst().first ?? ""
        )
    }
}
