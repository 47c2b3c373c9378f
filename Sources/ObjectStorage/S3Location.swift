/// A place in an S3-compatible storage: `s3://bucket/prefix`.
package struct S3Location: Sendable, Equatable, CustomStringConvertible {
    package let bucket: String
    /// What the names of its objects begin with; neither with a slash at the beginning nor at the end.
    package let prefix: String

    private static let scheme = "s3://"

    /// Whether a text is an address of S3, or should be one.
    package static func isMeant(by text: String) -> Bool { text.hasPrefix(scheme) }

    /// What is wrong with an address that is meant to be one of S3 and is none, as the end of a sentence. It does not repeat
    /// the address, which may have keys in it.
    package static let fault =
        "is not s3://BUCKET/PREFIX; keys are not part of it, but come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

    /// Reads an address; nil where it is none of S3.
    package init?(_ text: String) {
        guard Self.isMeant(by: text) else { return nil }
        let parts = text.dropFirst(Self.scheme.count).split(separator: "/", omittingEmptySubsequences: true)
        // What has one of these is no name of a bucket, but keys before it.
        guard let bucket = parts.first, !bucket.contains("@"), !bucket.contains(":") else { return nil }
        self.bucket = String(bucket)
        prefix = parts.dropFirst().joined(separator: "/")
    }

    package var description: String { "\(Self.scheme)\(bucket)\(prefix.isEmpty ? "" : "/\(prefix)")" }
}
