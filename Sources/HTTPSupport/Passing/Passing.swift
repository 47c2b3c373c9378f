import AsyncAlgorithms
import AsyncHTTPClient
package import Crypto
import Foundation
package import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import NIOPosix
package import NIOSSL
import Scheduling

/// Passes requests on to the server that leads, where several share something and one of them alone may change it.
package final class Passing: Sendable {
    /// The field that tells the leader whose request it is.
    static let field: HTTPField.Name = .replicaRequest

    private let leader: @Sendable () -> String?
    private let keys: @Sendable () -> [SymmetricKey]
    private let answerField: HTTPField.Name
    private let wait: @Sendable (UInt64) async throws -> Void
    private let tls: TLSConfiguration?

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(2))
        )
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
    /// How long the leader may take to begin to answer, whose own limits are what counts.
    private static let patience = TimeAmount.hours(1)
    /// How often it is looked whether it still leads.
    private static let lookInterval = Duration.seconds(2)
    private static let maximumHealthSize = 64 << 10

    /// - Parameters:
    ///   - leader: The address of the server that leads; nil where that is this one, or nobody.
    ///   - keys: The first signs.
    ///   - answerField: The field of the leader's answer that has the number which this server has to reach before it answers.
    ///   - wait: Returns when it has reached a number, or when that is not to be waited for any longer.
    ///   - tls: How the leader is recognised; nil for the authorities that the system knows.
    package init(
        to leader: @escaping @Sendable () -> String?,
        keys: @escaping @Sendable () -> [SymmetricKey],
        answerField: HTTPField.Name,
        wait: @escaping @Sendable (UInt64) async throws -> Void,
        tls: TLSConfiguration? = nil
    ) {
        self.leader = leader
        self.keys = keys
        self.answerField = answerField
        self.wait = wait
        self.tls = tls
    }

    // MARK: Of others

    /// What another server says of a request that it has passed on; nil for a client's own.
    ///
    /// - Throws: ``Problem`` 401 for what no such server has signed.
    func received(_ request: Request) throws(Problem) -> PassedRequest? {
        guard let text = request.headers[Self.field] else { return nil }
        guard
            let passed = PassedRequest(
                text,
                request.method.rawValue,
                request.uri.description,
                signedWith: keys(),
                at: Date()
            )
        else {
            throw Problem(
                .unauthorized,
                "The field \(Self.field) is not signed by a server that shares the log: they need the same credential key, and "
                    + "clocks that agree within a minute.",
                headers: [.wwwAuthenticate: "Bearer"]
            )
        }
        return passed
    }

    // MARK: To the leader

    /// The answer of the server that leads; nil where the request is to be answered here.
    ///
    /// - Parameter target: The path and query by which the leader knows the request.
    func pass(_ request: Request, _ context: RouteContext, as target: String) async throws -> Response? {
        // Whoever has passed it on may know better who leads; if not, the log says so. It never goes in a circle.
        // What is malformed is refused by each.
        guard !context.isPassedOn, let leader = leader(), target.percentDecoded != nil else { return nil }
        context.askForBody(of: request)
        let (content, body) = try await Self.body(of: request)
        var outgoing = self.request(request, context, to: leader, as: target)
        outgoing.body = content
        do {
            let answer = try await context.whileClientWaits(forWrite: true) { [outgoing] in
                try await self.whileLeading(leader) { try await Self.client.execute(outgoing, timeout: Self.patience) }
            }
            return try await response(answer, leader, body)
        } catch {
            await body?.stop()
            throw Self.problem(error, at: leader)
        }
    }

    /// The body as it is sent on. A small one is read before, so that a leader that answers early, or that is not there, leaves
    /// nothing unread; what is read meanwhile of another one has to be stopped.
    private static func body(of request: Request) async throws -> (
        content: HTTPClientRequest.Body?, reading: PassedBody?
    ) {
        let length = request.headers[.contentLength].flatMap { Int($0) }
        guard length.map({ $0 > 0 }) ?? (request.headers[.transferEncoding] != nil) else { return (nil, nil) }
        if let length, length <= Bodies.smallSize {
            return (.bytes(try await BodyContent(request.body, .identity).collect(upTo: length)), nil)
        }
        let reading = PassedBody(request.body)
        return (.stream(reading.pieces, length: length.map { .known(Int64($0)) } ?? .unknown), reading)
    }

    private func request(
        _ request: Request,
        _ context: RouteContext,
        to leader: String,
        as target: String
    ) -> HTTPClientRequest {
        guard let key = keys().first else { preconditionFailure("servers that share a log have a key") }
        let origin = context.origin
        let forwarding =
            context.forwarding
            ?? Forwarding(
                address: origin.address,
                network: context.caller.address,
                scheme: nil,
                host: nil,
                prefix: ""
            )
        let passed = PassedRequest(
            context.identity,
            forwarding,
            target: target == request.target ? nil : request.target
        )
        // What a client sends need not be a URL.
        let target = target.encodedTarget
        var fields = request.headers
        for name in Self.ownFields { fields[name] = nil }
        fields[Self.field] = passed.signed(request.method.rawValue, target, with: key, at: Date())
        fields[.requestID] = origin.request
        var outgoing = HTTPClientRequest(url: leader + target)
        outgoing.tlsConfiguration = tls
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        outgoing.headers = HTTPHeaders(fields)
        return outgoing
    }

    /// Fields that are about this connection, or of which the signed one says more.
    private static let ownFields: [HTTPField.Name] = [
        .connection, .transferEncoding, .contentLength, .expect, .te, .upgrade, .authorization, .forwarded,
        .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPrefix, .requestID,
    ]

    /// The leader's answer, once this server has what it says.
    ///
    /// - Parameter body: The request's, which streams are still on their way with; stopped at the end.
    private func response(
        _ answer: HTTPClientResponse,
        _ leader: String,
        _ body: PassedBody?
    ) async throws -> Response {
        var fields = HTTPFields(answer.headers, splitCookie: false)
        for name in [HTTPField.Name.connection, .transferEncoding, .contentLength, .date, .requestID] {
            fields[name] = nil
        }
        // A 204 has no length, and nothing to be read (RFC 9110, section 15.3.5).
        let isEmpty = answer.status == .noContent
        let length = isEmpty ? 0 : answer.headers.first(name: "content-length").flatMap { Int($0) }
        let isStream = length == nil
        if !isStream {
            await body?.stop()
            if let number = fields[answerField].flatMap({ UInt64($0) }) { await arrive(at: number) }
        }
        return Response(
            status: HTTPResponse.Status(code: Int(answer.status.code)),
            headers: fields,
            body: isEmpty
                ? ResponseBody()
                : ResponseBody(contentLength: length) { writer in
                    let passed = PassedBody(answer.body) { try await self.whileLeading(leader, $0) }
                    do {
                        for try await piece in passed.pieces { try await writer.write(piece) }
                    } catch {
                        await passed.stop()
                        await body?.stop()
                        throw error
                    }
                    await body?.stop()
                    // What a stream of lines has written is known only at its end.
                    if isStream { await self.arrive(where: leader) }
                    try await writer.finish(nil)
                }
        )
    }

    /// Waits until this server has all that the leader has now.
    private func arrive(where leader: String) async {
        var question = HTTPClientRequest(url: leader + "/healthz")
        question.tlsConfiguration = tls
        do {
            let answer = try await Self.client.execute(question, timeout: .seconds(5))
            if let number = answer.headers.first(name: answerField.canonicalName).flatMap({ UInt64($0) }) {
                await arrive(at: number)
            }
            _ = try await answer.body.collect(upTo: Self.maximumHealthSize)
        } catch {
            // The client has its answer all the same.
        }
    }

    /// Waits until this server has a number of the leader's.
    private func arrive(at number: UInt64) async {
        do {
            try await wait(number)
        } catch {
            // The leader's answer is known, and counts.
        }
    }

    /// Does something with a server for as long as it leads: of a machine that is gone nothing comes, not even an end.
    private func whileLeading<Value: Sendable>(
        _ leader: String,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            defer { group.cancelAll() }
            group.addTask(operation: body)
            group.addTask {
                // What it did at last it has a little time to answer.
                var misses = 0
                while misses < 2 {
                    try await Task.sleep(for: Self.lookInterval)
                    misses = self.leader() == leader ? 0 : misses + 1
                }
                throw LeaderGone()
            }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }

    private struct LeaderGone: Error {}

    private static func problem(_ error: any Error, at leader: String) -> any Error {
        switch error {
        case is CancellationError: return error
        case let error as HTTPClientError where error == .cancelled: return CancellationError()
        case is NIOConnectionError: return unreachable(leader)
        case let error as IOError where [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode):
            return unreachable(leader)
        case let error as HTTPClientError
        where [.connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout].contains(error):
            return unreachable(leader)
        case NIOSSLError.handshakeFailed, is NIOSSLExtraError: return unreachable(leader)
        default:
            var problem = Problem(
                .serviceUnavailable,
                "The connection to the server that leads broke; it is not known whether this was done. Look before you send it "
                    + "again."
            )
            problem.kind = .mayHaveBeenDone
            return problem
        }
    }

    private static func unreachable(_ leader: String) -> Problem {
        Problem(
            .serviceUnavailable,
            "The server that leads cannot be reached at \(leader); send it again.",
            headers: Problem.retrySoon
        )
    }
}
