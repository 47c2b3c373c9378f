import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Schema

/// Asks a running server, over HTTP.
struct ServerClient: Sendable {
    /// The server's address without a slash at its end.
    let url: String
    /// The token that is sent; nil for none.
    let token: String?
    /// How a server is recognised that an authority has signed which the system does not know; nil for the system's.
    let tls: TLSConfiguration?

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10))
        )
        // Whoever waits learns at once that nobody listens.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
    /// How long a server may take to begin to answer, and to end, whose own limits are what counts.
    private static let patience = TimeAmount.hours(24)
    /// The most that is read of the explanation of an error, in bytes.
    private static let maximumProblemSize = 1 << 20

    /// Sends a request.
    ///
    /// - Parameters:
    ///   - path: From the first slash.
    ///   - body: JSON; nil for none.
    /// - Returns: The body of the answer.
    /// - Throws: ``ServerRefusal`` where the server does not do it, ``CommandError`` where it cannot be asked.
    func send(
        _ method: String,
        _ path: String,
        accept: String,
        _ body: JSONValue? = nil
    ) async throws -> HTTPClientResponse.Body {
        var request = HTTPClientRequest(url: url + path)
        request.method = .RAW(value: method)
        request.headers.add(name: "Accept", value: accept)
        request.tlsConfiguration = tls
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        let response: HTTPClientResponse
        do {
            response = try await Self.client.execute(request, timeout: Self.patience)
        } catch {
            throw self.error(error)
        }
        guard (200..<300).contains(response.status.code) else {
            let text = try await response.body.collect(upTo: Self.maximumProblemSize)
            throw ServerRefusal(
                status: Int(response.status.code),
                reason: response.status.reasonPhrase,
                body: String(buffer: text)
            )
        }
        return response.body
    }

    /// Says what has gone wrong on the way to the server or back.
    func error(_ error: any Error) -> any Error {
        let reason: String
        switch error {
        case is CancellationError: return error
        case let error as HTTPClientError where error == .cancelled: return CancellationError()
        case let error as NIOConnectionError:
            let cause: any Error = error.connectionErrors.first?.error ?? error.dnsAError ?? error
            reason = (cause as? IOError).map(Self.reason) ?? "there is no such host"
        case let error as IOError: reason = Self.reason(error)
        case let error as HTTPClientError where error == .connectTimeout: reason = "it does not answer"
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            reason = "it has closed the connection"
        case NIOSSLError.handshakeFailed:
            reason =
                "TLS fails; where the system does not know who has signed its certificate, name the file of that authority with --ca"
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            reason = "its certificate is for another name"
        default: reason = "\(error)"
        }
        return CommandError("cannot talk to \(place): \(reason)")
    }

    /// Where the server is, without what of the address may be a secret.
    private var place: String {
        guard var parts = URLComponents(string: url) else { return "the server" }
        (parts.user, parts.password, parts.path, parts.query, parts.fragment) = (nil, nil, "", nil, nil)
        return parts.string ?? "the server"
    }

    private static func reason(_ error: IOError) -> String { String(cString: strerror(error.errnoCode)) }
}

/// A server does not do what it was asked.
struct ServerRefusal: Error, CustomStringConvertible {
    let status: Int
    let description: String
    /// Where in a statement something is wrong, in characters from 1.
    let position: Int?

    /// - Parameter body: Of the answer: problem details (RFC 9457), if it is from the server itself.
    init(status: Int, reason: String, body: String) {
        var text = body.isEmpty ? reason : body
        var position: Int?
        do {
            let problem = try JSONValue(parsing: body)
            text = problem["detail"]?.string ?? text
            let messages = problem["errors"]?.array.compactMap { $0["message"]?.string } ?? []
            text = ([text] + messages).joined(separator: "\n")
            position = problem["position"]?.int
        } catch {
            // Something between here and the server has answered.
            text = "\(status) \(reason)"
        }
        if status == 401 { text += "\nGive a token with --token-file or --token, or in NODE_ORCHESTRATOR_TOKEN." }
        self.status = status
        description = text
        self.position = position
    }
}
