/// A place in an S3-compatible storage: `s3://bucket/prefix`.
package struct S3Location: Sendable, Equatable, CustomStringConvertible {
    package let bucket: String
    /// What the names of its objects begin with; neither with a slash at the beginning nor at the end.
    package let prefix: String

    private static let scheme = "s3://"

    /// Reads an address; nil where it is none of S3.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.scheme) else { return nil }
        let parts = text.dropFirst(Self.scheme.count).split(separator: "/", omittingEmptySubsequences: true)
        guard let bucket = parts.first else { return nil }
        self.bucket = String(bucket)
        prefix = parts.dropFirst().joined(separator: "/")
    }

    package var description: String { "\(Self.scheme)\(bucket)\(prefix.isEmpty ? "" : "/\(prefix)")" }
}
