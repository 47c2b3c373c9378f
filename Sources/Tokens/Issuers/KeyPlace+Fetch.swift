import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

extension KeyPlace {
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5))
        )
        // It is tried again later.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
    /// How often a server may say that the keys are elsewhere.
    private static let maximumRedirects = 3
    /// The limit of the client itself, beyond that of who asks.
    private static let patience = TimeAmount.seconds(30)

    /// What a server has as keys; the caller limits the time.
    ///
    /// - Throws: ``KeySetError``.
    static func fetch(_ url: URL) async throws -> [UInt8] {
        var place = url
        for _ in 0...maximumRedirects {
            var request = HTTPClientRequest(url: place.absoluteString)
            request.headers.add(name: "Accept", value: "application/jwk-set+json, application/json")
            let response: HTTPClientResponse
            do {
                response = try await client.execute(request, timeout: patience)
            } catch {
                throw KeySetError(reason(error))
            }
            switch response.status.code {
            case 200: return try await body(of: response)
            case 301, 302, 303, 307, 308: place = try next(after: place, response)
            default: throw KeySetError("the answer is \(response.status.code)")
            }
        }
        throw KeySetError("there are more than \(maximumRedirects) redirects")
    }

    private static func body(of response: HTTPClientResponse) async throws(KeySetError) -> [UInt8] {
        do {
            return Array(buffer: try await response.body.collect(upTo: KeySet.maximumSize))
        } catch is NIOTooManyBytesError {
            throw KeySetError("the answer is larger than \(KeySet.maximumSize) bytes")
        } catch {
            throw KeySetError(reason(error))
        }
    }

    private static func next(after url: URL, _ response: HTTPClientResponse) throws(KeySetError) -> URL {
        guard let location = response.headers.first(name: "Location"),
            let next = URL(string: location, relativeTo: url)?.absoluteURL, isFetched(next)
        else { throw KeySetError("a redirect leads nowhere") }
        guard url.scheme?.lowercased() != "https" || next.scheme?.lowercased() == "https" else {
            throw KeySetError("a redirect leads from HTTPS to HTTP")
        }
        return next
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            let cause: any Error = error.connectionErrors.first?.error ?? error.dnsAError ?? error
            return (cause as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "there is no such host"
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case let error as HTTPClientError where error == .connectTimeout: return "no connection in time"
        case let error as HTTPClientError where error == .remoteConnectionClosed: return "the connection was closed"
        case is NIOSSLError, is NIOSSLExtraError:
            return "TLS fails; its certificate must be for its name, and signed by an authority that the system trusts"
        default: return "\(error)"
        }
    }
}
