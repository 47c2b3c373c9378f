import AsyncHTTPClient
package import Crypto
package import Foundation
package import HTTPTypes
import NIOCore
import NIOHTTP1
package import NIOSSL
import Tokens

/// Asks other servers that share a log, in the name of this one.
package struct ReplicaClient: Sendable {
    private let subject: String
    private let key: SymmetricKey
    private let tls: TLSConfiguration?

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(2), read: .seconds(5))
        )
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
    /// How long an answer may take as a whole, and how much of one is kept in memory, in bytes.
    private static let patience = TimeAmount.minutes(30)
    private static let maximumSize = 64 << 20

    /// - Parameters:
    ///   - name: The name of this server.
    ///   - key: One that all of the servers have.
    ///   - tls: How servers are recognised; nil for the authorities that the system knows.
    package init(name: String, key: SymmetricKey, tls: TLSConfiguration?) {
        subject = "replica \(name)"
        self.key = key
        self.tls = tls
    }

    /// What a server answers to a GET, if it has the same key.
    package func get(_ path: String, of server: String) async throws -> [UInt8] {
        let answer = try await ask(path, of: server)
        let bytes = Array(buffer: try await answer.body.collect(upTo: Self.maximumSize))
        guard let text = answer.headers.first(name: HTTPField.Name.replicaSignature.canonicalName),
            let code = Data(base64Encoded: text), SignedAnswer.isValid(code, for: bytes, at: path, key)
        else { throw ReplicaFault(description: "the answer is not signed with the credential key that is here") }
        return bytes
    }

    /// Writes what a server answers to a GET to a new file. Whether it is what it should be is for others to find out.
    ///
    /// - Parameter size: The most that is written, in bytes.
    package func get(_ path: String, of server: String, atMost size: Int, to file: FileHandle) async throws {
        var rest = size
        for try await piece in try await ask(path, of: server).body {
            rest -= piece.readableBytes
            guard rest >= 0 else { throw ReplicaFault(description: "\(path) has more than \(size) bytes") }
            try file.write(contentsOf: Data(piece.readableBytesView))
        }
    }

    private func ask(_ path: String, of server: String) async throws -> HTTPClientResponse {
        let identity = Identity(subject: subject, roles: [.admin], hasStandardRole: false, proof: .token)
        let nowhere = Forwarding(address: "", network: "", scheme: nil, host: nil, prefix: "")
        var request = HTTPClientRequest(url: server + path)
        request.tlsConfiguration = tls
        request.headers.add(
            name: HTTPField.Name.replicaRequest.canonicalName,
            value: PassedRequest(identity, nowhere).signed("GET", path, with: key, at: Date())
        )
        let answer = try await Self.client.execute(request, timeout: Self.patience)
        guard answer.status == .ok else {
            throw ReplicaFault(description: "\(path): \(answer.status)", isMissing: answer.status == .notFound)
        }
        return answer
    }
}

/// Shows servers that share a log that an answer is from one of them.
package enum SignedAnswer {
    /// The field of an answer to another server.
    package static func field(for bytes: [UInt8], at path: String, _ key: SymmetricKey) -> HTTPField {
        let code = HMAC<SHA256>.authenticationCode(for: content(bytes, path), using: key)
        return HTTPField(name: .replicaSignature, value: Data(code).base64EncodedString())
    }

    static func isValid(_ code: Data, for bytes: [UInt8], at path: String, _ key: SymmetricKey) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: content(bytes, path), using: key)
    }

    /// What is signed, which is no request of ``PassedRequest``: those begin with base64.
    private static func content(_ bytes: [UInt8], _ path: String) -> Data { Data("\(path)\n".utf8) + bytes }
}

/// Another server does not do what it was asked.
package struct ReplicaFault: Error, CustomStringConvertible {
    package let description: String
    /// Whether it does not have what it was asked for.
    package var isMissing = false
}
