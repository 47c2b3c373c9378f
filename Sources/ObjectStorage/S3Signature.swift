import Crypto
import Foundation
import Schema

/// What signs a request (<https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>).
struct S3Signature {
    /// The query as the URL has it.
    let query: String
    /// The headers to send, the signature among them.
    let headers: [(name: String, value: String)]

    /// The hash of a request without a body.
    static let emptyHash = SHA256.hash(data: [UInt8]()).hexadecimal

    private static let algorithm = "AWS4-HMAC-SHA256"

    /// - Parameters:
    ///   - path: As the URL has it.
    ///   - hash: Of the body: SHA-256, lower-case hexadecimal.
    init(
        _ access: S3Access,
        _ method: String,
        host: String,
        path: String,
        query: [String: String],
        hash: String,
        at date: Date
    ) {
        self.query = query.map { (Self.encoded($0.key), Self.encoded($0.value)) }.sorted { $0 < $1 }
            .map { "\($0)=\($1)" }.joined(separator: "&")
        let time = Self.text(of: date)
        // In the order of their names.
        var signed = [("host", host), ("x-amz-content-sha256", hash), ("x-amz-date", time)]
        guard let keys = access.keys else {
            headers = signed.map { (name: $0.0, value: $0.1) }
            return
        }
        if let token = keys.sessionToken { signed.append(("x-amz-security-token", token)) }
        let names = signed.map(\.0).joined(separator: ";")
        let canonical =
            [method, path, self.query] + signed.map { "\($0.0):\($0.1)" } + ["", names, hash]
        let scope = "\(time.prefix(8))/\(access.region)/s3/aws4_request"
        let text = [
            Self.algorithm, time, scope,
            SHA256.hash(data: Array(canonical.joined(separator: "\n").utf8)).hexadecimal,
        ].joined(separator: "\n")
        var key = SymmetricKey(data: Array("AWS4\(keys.secret)".utf8))
        for part in scope.split(separator: "/") {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        let signature = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key).hexadecimal
        let authorization =
            "\(Self.algorithm) Credential=\(keys.id)/\(scope),SignedHeaders=\(names),Signature=\(signature)"
        headers = signed.map { (name: $0.0, value: $0.1) } + [(name: "authorization", value: authorization)]
    }

    /// A time such as `20130524T000000Z`.
    private static func text(of date: Date) -> String {
        date.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    )

    /// A text with everything encoded that is not unreserved (RFC 3986, section 2.3).
    static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text
    }
}
