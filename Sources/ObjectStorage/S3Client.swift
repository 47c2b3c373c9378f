import AsyncHTTPClient
import Crypto
package import Foundation
import NIOCore
import NIOHTTP1
import Schema

/// Reads and writes objects of an S3-compatible storage (<https://docs.aws.amazon.com/AmazonS3/latest/API>).
package struct S3Client: Sendable {
    private let access: @Sendable () -> S3Access

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: .seconds(60))
        )
        // Callers decide whether they try again.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
    /// How long a request may take.
    private static let patience = TimeAmount.minutes(30)
    /// The most that is read of an answer that is kept in memory, in bytes.
    private static let maximumAnswerSize = 16 << 20
    /// How many objects a listing has at most.
    private static let maximumListing = 2_000_000

    /// - Parameter access: Finds out anew, for each request, how to get there.
    package init(_ access: @escaping @Sendable () -> S3Access) {
        self.access = access
    }

    // MARK: Objects

    /// The names of the objects that begin with a prefix, in order.
    package func list(_ prefix: String, in bucket: String) async throws -> [String] {
        var keys: [String] = []
        var token: String?
        repeat {
            var query = ["list-type": "2", "prefix": prefix, "encoding-type": "url"]
            if let token { query["continuation-token"] = token }
            let answer = try await send("GET", bucket, "", query: query, hash: S3Signature.emptyHash)
            let page = String(buffer: try await answer.body.collect(upTo: Self.maximumAnswerSize))
            keys += S3Listing.values(of: "Key", in: page).map {
                let key = $0.replacing("+", with: "%20")
                return key.removingPercentEncoding ?? key
            }
            let isCutOff = S3Listing.values(of: "IsTruncated", in: page).first == "true"
            token = isCutOff ? S3Listing.values(of: "NextContinuationToken", in: page).first : nil
            guard keys.count <= Self.maximumListing else {
                throw StorageError(
                    description: "there are more than \(Self.maximumListing) objects at s3://\(bucket)/\(prefix)"
                )
            }
        } while token != nil
        return keys
    }

    /// The bytes of a small object.
    package func get(_ key: String, in bucket: String) async throws -> [UInt8] {
        let answer = try await send("GET", bucket, key, hash: S3Signature.emptyHash)
        return Array(buffer: try await answer.body.collect(upTo: Self.maximumAnswerSize))
    }

    /// Writes an object to a new file.
    package func get(_ key: String, in bucket: String, to file: URL) async throws {
        let answer = try await send("GET", bucket, key, hash: S3Signature.emptyHash)
        guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
            throw StorageError(description: "cannot write \(file.path)")
        }
        let handle = try FileHandle(forWritingTo: file)
        for try await piece in answer.body { try handle.write(contentsOf: Data(piece.readableBytesView)) }
        try handle.close()
    }

    /// Makes an object of a file, or replaces it.
    ///
    /// - Parameter sha256: The file's hash, by which the storage makes sure of what it gets.
    package func put(_ file: URL, size: Int, sha256: String, as key: String, in bucket: String) async throws {
        let body = HTTPClientRequest.Body.stream(FilePieces(file: file), length: .known(Int64(size)))
        _ = try await send("PUT", bucket, key, hash: sha256, body: body)
    }

    /// Makes an object of bytes, or replaces it.
    package func put(_ bytes: [UInt8], as key: String, in bucket: String) async throws {
        let body = HTTPClientRequest.Body.bytes(ByteBuffer(bytes: bytes))
        _ = try await send("PUT", bucket, key, hash: SHA256.hash(data: bytes).hexadecimal, body: body)
    }

    /// Removes an object; it is no error where there is none.
    package func delete(_ key: String, in bucket: String) async throws {
        _ = try await send("DELETE", bucket, key, hash: S3Signature.emptyHash)
    }

    // MARK: Requests

    private func send(
        _ method: String,
        _ bucket: String,
        _ key: String,
        query: [String: String] = [:],
        hash: String,
        body: HTTPClientRequest.Body? = nil
    ) async throws -> HTTPClientResponse {
        let access = access()
        let (base, host, path) = try Self.address(bucket, key, access)
        let signature = S3Signature(access, method, host: host, path: path, query: query, hash: hash, at: Date())
        let url = base + path + (query.isEmpty ? "" : "?\(signature.query)")
        var request = HTTPClientRequest(url: url)
        request.method = .RAW(value: method)
        for (name, value) in signature.headers { request.headers.add(name: name, value: value) }
        request.body = body
        let place = "s3://\(bucket)/\(key)"
        let response: HTTPClientResponse
        do {
            response = try await Self.client.execute(request, timeout: Self.patience)
        } catch {
            if error is CancellationError || error as? HTTPClientError == .cancelled { throw CancellationError() }
            throw StorageError(description: "cannot reach \(host) for \(place): \(error)")
        }
        guard (200..<300).contains(response.status.code) else {
            let text = String(buffer: try await response.body.collect(upTo: Self.maximumAnswerSize))
            let reasons = ["Code", "Message"].compactMap { S3Listing.values(of: $0, in: text).first }
            let reason = reasons.isEmpty ? response.status.reasonPhrase : reasons.joined(separator: ": ")
            throw StorageError(description: "\(place): \(response.status.code) \(reason)")
        }
        return response
    }

    /// The parts of an object's address: buckets have hosts of their own at AWS, and are part of the path elsewhere.
    private static func address(
        _ bucket: String,
        _ key: String,
        _ access: S3Access
    ) throws(StorageError) -> (base: String, host: String, path: String) {
        let path = "/" + key.split(separator: "/").map { S3Signature.encoded(String($0)) }.joined(separator: "/")
        guard let address = access.endpoint else {
            let host = "\(bucket).s3.\(access.region).amazonaws.com"
            return ("https://\(host)", host, path)
        }
        let endpoint = try S3Endpoint(address)
        let start = "\(endpoint.path)/\(bucket)"
        return ("\(endpoint.scheme)://\(endpoint.host)", endpoint.host, start + (key.isEmpty ? "" : path))
    }
}

/// A storage does not do what it was asked.
package struct StorageError: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

/// The pieces of a file.
private struct FilePieces: AsyncSequence, Sendable {
    let file: URL
    private static let size = 1 << 20

    struct AsyncIterator: AsyncIteratorProtocol {
        let file: URL
        var handle: FileHandle?

        mutating func next() async throws -> ByteBuffer? {
            let handle = try handle ?? FileHandle(forReadingFrom: file)
            self.handle = handle
            guard let data = try handle.read(upToCount: FilePieces.size), !data.isEmpty else { return nil }
            return ByteBuffer(bytes: data)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(file: file) }
}

/// The few elements that are read of a storage's XML.
enum S3Listing {
    /// The texts of all elements of a name.
    static func values(of name: String, in xml: String) -> [String] {
        xml.split(separator: "<\(name)>").dropFirst().compactMap { part in
            part.range(of: "</\(name)>").map { unescaped(part[..<$0.lowerBound]) }
        }
    }

    private static func unescaped(_ text: Substring) -> String {
        var text = String(text)
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
            text = text.replacing(entity, with: character)
        }
        return text
    }
}
