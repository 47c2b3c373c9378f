import Foundation
import Testing

@testable import ObjectStorage

@Suite("S3")
struct S3Tests {
    /// The examples of
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>.
    @Test(
        "requests are signed as the examples of AWS are",
        arguments: [
            (["lifecycle": ""], "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            (["max-keys": "2", "prefix": "J"], "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        ]
    )
    func signatures(query: [String: String], expected: String) throws {
        let keys = S3Access.Keys(
            id: "AKIAIOSFODNN7EXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            sessionToken: nil
        )
        let signature = S3Signature(
            S3Access(endpoint: nil, keys: keys),
            "GET",
            host: "examplebucket.s3.amazonaws.com",
            path: "/",
            query: query,
            hash: S3Signature.emptyHash,
            at: try Date("2013-05-24T00:00:00Z", strategy: .iso8601)
        )
        let authorization = try #require(signature.headers.first { $0.name == "authorization" })
        #expect(authorization.value.hasSuffix("Signature=\(expected)"))
    }

    @Test("access comes from the environment before it comes from the files of a profile")
    func access() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // The system clears its temporary folder.
        let files = ["AWS_SHARED_CREDENTIALS_FILE": "credentials", "AWS_CONFIG_FILE": "config"]
            .mapValues { folder.appending(path: $0).path }
        try "# ours\n[default]\naws_access_key_id = a\naws_secret_access_key=b=c\n[site]\naws_access_key_id=d\n"
            .write(toFile: files["AWS_SHARED_CREDENTIALS_FILE"] ?? "", atomically: true, encoding: .utf8)
        try "[default]\nregion = eu-central-1\n[profile site]\nendpoint_url = http://minio:9000\n"
            .write(toFile: files["AWS_CONFIG_FILE"] ?? "", atomically: true, encoding: .utf8)
        let found = S3Access(environment: files)
        #expect(found == S3Access(endpoint: nil, region: "eu-central-1", keys: .init(id: "a", secret: "b=c")))
        let empty = ["AWS_PROFILE": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_REGION": ""]
        #expect(S3Access(environment: files.merging(empty) { $1 }) == found)
        let site = S3Access(environment: files.merging(["AWS_PROFILE": "site"]) { $1 })
        #expect(site == S3Access(endpoint: "http://minio:9000", keys: nil))
        let given = [
            "AWS_ACCESS_KEY_ID": "e", "AWS_SECRET_ACCESS_KEY": "f", "AWS_SESSION_TOKEN": "g", "AWS_REGION": "r",
            "AWS_ENDPOINT_URL": "http://x",
        ]
        let variables = S3Access(environment: files.merging(given) { $1 })
        let keys = S3Access.Keys(id: "e", secret: "f", sessionToken: "g")
        #expect(variables == S3Access(endpoint: "http://x", region: "r", keys: keys))
    }

    @Test("places have a bucket, and a prefix without slashes around it")
    func locations() {
        #expect(S3Location("s3://b/x/y/").map { [$0.bucket, $0.prefix, "\($0)"] } == ["b", "x/y", "s3://b/x/y"])
        #expect(S3Location("s3://b").map { [$0.bucket, $0.prefix] } == ["b", ""])
        #expect(S3Location("s3://") == nil)
        #expect(S3Location("/b/x") == nil)
        // Keys are no part of it.
        for text in ["s3://id:key@b/x", "s3://id:k/ey@b/x", "s3://id@b"] { #expect(S3Location(text) == nil) }
    }

    @Test("endpoints have a scheme and a host, with the brackets of IPv6, and perhaps a port and a path")
    func endpoints() throws {
        let parts = try ["http://minio:9000", "https://[::1]:9000/s3/", "http://10.0.0.1"].map(S3Endpoint.init)
        #expect(parts.map(\.host) == ["minio:9000", "[::1]:9000", "10.0.0.1"])
        #expect(parts.map(\.scheme) == ["http", "https", "http"])
        #expect(parts.map(\.path) == ["", "/s3", ""])
        for none in ["minio:9000", "minio", "s3://minio", ""] {
            #expect(throws: StorageError.self) { _ = try S3Endpoint(none) }
        }
        let error = #expect(throws: StorageError.self) { _ = try S3Endpoint("minio://a:hunter2@minio") }
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test("what a listing says is read with its escapes")
    func listings() {
        let xml = "<R><Key>a%2Fb</Key><Key>c</Key><NextContinuationToken>x&amp;y&lt;</NextContinuationToken></R>"
        #expect(S3Listing.values(of: "Key", in: xml) == ["a%2Fb", "c"])
        #expect(S3Listing.values(of: "NextContinuationToken", in: xml) == ["x&y<"])
        #expect(S3Listing.values(of: "Key", in: "<Key>cut off") == [])
    }
}
