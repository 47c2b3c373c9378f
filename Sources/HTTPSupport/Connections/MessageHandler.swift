import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import NIOSSL

/// Holds requests to the rules of HTTP before the program sees them, answers those itself that break them, and gives each
/// answer the form that its client's version of HTTP wants.
final class MessageHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private unowned let handler: ConnectionHandler
    private unowned let bytes: ByteHandler
    private unowned let text: TextHandler
    private let logger: Logger
    /// The requests that are not answered yet, at least not completely, in their order.
    private var exchanges = CircularBuffer<Exchange>(initialCapacity: 2)
    /// Whether what comes is no further request.
    private var isClosed = false
    /// Whether the end of a request, which the program has seen the head of, is still to come.
    private var isInBody = false
    /// What is answered to a request that the program does not see, after those before it.
    private var refusal: Refused?
    /// What came while nobody knew whether the connection outlives the answer before it, in its order.
    private var held = CircularBuffer<() -> Void>()
    /// Whether more was to be read meanwhile.
    private var isReadHeld = false

    private struct Refused {
        let problem: Problem
        /// What the log calls the request.
        let id: String
        let isHead: Bool
    }

    /// A request and its answer.
    private struct Exchange {
        let isVersion10: Bool
        let isHead: Bool
        /// Whether another request may follow on the connection.
        var keepsAlive: Bool
        /// Whether the end of the answer is that of the connection, since nothing else tells it.
        var isDelimitedByEnd = false
    }

    /// What has no bytes of its own, and is sent when all before it is.
    private static var nothing: NIOAny { wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))) }

    init(_ handler: ConnectionHandler, _ bytes: ByteHandler, _ text: TextHandler, logger: Logger) {
        self.handler = handler
        self.bytes = bytes
        self.text = text
        self.logger = logger
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        held.removeAll()
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard held.isEmpty, !awaitsAnswer else {
            held.append { [self] in receive(data, context) }
            return
        }
        receive(data, context)
    }

    private func receive(_ data: NIOAny, _ context: ChannelHandlerContext) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if !isClosed { receive(head, data, context) }
        case .body:
            if isInBody { context.fireChannelRead(data) }
        case .end:
            guard isInBody else { return }
            isInBody = false
            context.fireChannelRead(data)
        }
    }

    /// - Parameter data: The head as it came, which is passed on as it is unless something has to be otherwise.
    private func receive(_ head: HTTPRequestHead, _ data: NIOAny, _ context: ChannelHandlerContext) {
        let check = HeadCheck(head)
        if let breach = check.breach {
            refuse(head, breach, context)
            return
        }
        let isVersion10 = head.isVersion10
        let keepsAlive = head.isKeepAlive && !check.endsParsing
        exchanges.append(Exchange(isVersion10: isVersion10, isHead: head.method == .HEAD, keepsAlive: keepsAlive))
        isClosed = !keepsAlive
        isInBody = true
        guard isVersion10 || check.host != nil else {
            context.fireChannelRead(data)
            return
        }
        var head = head
        // RFC 9110, section 10.1.1.
        if isVersion10 { head.headers.remove(name: "expect") }
        if let host = check.host { head.headers.replaceOrAdd(name: "host", value: host) }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard held.isEmpty else {
            held.append { context.fireUserInboundEventTriggered(event) }
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard held.isEmpty else {
            held.append { [self] in receive(error, context) }
            return
        }
        receive(error, context)
    }

    private func receive(_ error: any Error, _ context: ChannelHandlerContext) {
        switch error {
        case let error as HTTPParserError where isInBody:
            // Who reads the body is told, and says so.
            isClosed = true
            isInBody = false
            context.fireErrorCaught(error)
            guard !exchanges.isEmpty else {
                end(context)
                return
            }
            exchanges[exchanges.index(before: exchanges.endIndex)].keepsAlive = false
        case let error as HTTPParserError where !isClosed:
            let hasBareLineFeed = text.hasBareLineFeed
            refuse(
                nil,
                Problem(head: error, isURLTooLong: !text.hasRequestLine, hasBareLineFeed: hasBareLineFeed),
                context
            )
        case is HTTPParserError, is ByteToMessageDecoderError: break
        // A client that leaves without the end of TLS is one that leaves: messages of HTTP say themselves where they end.
        case NIOSSLError.uncleanShutdown: break
        default: context.fireErrorCaught(error)
        }
    }

    // MARK: Requests that wait

    /// Whether the last request is one of HTTP/1.0 that nobody knows the answer of: where that has no length, the end of the
    /// connection is its end, and a request behind it could not be answered any more, so it must not be carried out.
    private var awaitsAnswer: Bool { !isInBody && exchanges.last.map { $0.isVersion10 && $0.keepsAlive } ?? false }

    func read(context: ChannelHandlerContext) {
        if held.isEmpty { context.read() } else { isReadHeld = true }
    }

    /// Goes on with what was held, up to the end of the next request that must be answered first.
    private func release(_ context: ChannelHandlerContext) {
        guard !held.isEmpty else { return }
        while !awaitsAnswer, let step = held.popFirst() { step() }
        context.fireChannelReadComplete()
        guard held.isEmpty, isReadHeld else { return }
        isReadHeld = false
        context.read()
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let exchange = exchanges.first else {
            // The server's library answers what cannot be read, too.
            promise?.succeed()
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.code < 200: context.write(data, promise: promise)
        case .head(let head):
            let isRefused = head.status.code >= 400 && handler.hasRestOfBody
            guard exchange.isVersion10 || !exchange.keepsAlive || isRefused else {
                context.write(data, promise: promise)
                return
            }
            context.write(wrapOutboundOut(.head(framed(head, isLast: isRefused))), promise: promise)
        case .body:
            guard !exchange.isHead else {
                promise?.succeed()
                return
            }
            context.write(data, promise: promise)
        case .end:
            exchanges.removeFirst()
            // The answer to a HEAD has no body, and so nothing at its end.
            context.write(exchange.isHead ? Self.nothing : data, promise: promise)
            if !exchange.keepsAlive {
                end(context)
            } else if let refusal, exchanges.isEmpty {
                answer(refusal, context)
            }
            release(context)
        }
    }

    /// The head of the answer to the first request, as the request's version wants it.
    ///
    /// - Parameter isLast: Whether the rest of the request is not worth waiting for.
    private func framed(_ head: HTTPResponseHead, isLast: Bool) -> HTTPResponseHead {
        var (head, exchange) = (head, exchanges[exchanges.startIndex])
        if isLast { exchange.keepsAlive = false }
        if exchange.isVersion10 {
            head.version = .http1_0
            let hasLength =
                exchange.isHead || !head.status.mayHaveResponseBody || head.headers.contains(name: "content-length")
            if !hasLength { (exchange.isDelimitedByEnd, exchange.keepsAlive) = (true, false) }
            // RFC 9112, appendix C.2.2.
            if exchange.keepsAlive { head.headers.replaceOrAdd(name: "connection", value: "keep-alive") }
        }
        if !exchange.keepsAlive {
            isClosed = true
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        exchanges[exchanges.startIndex] = exchange
        return head
    }

    /// Ends one side of the connection, or cuts the connection off: then TLS does not wait for the client's end of it, and
    /// says its own only where no answer is cut off, which must not look whole.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode != .input, exchanges.first?.isDelimitedByEnd ?? false {
            (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                .whenComplete { _ in }
            bytes.close(promise)
        } else if mode == .all {
            if handler.isSecure, exchanges.isEmpty { context.close(mode: .output, promise: nil) }
            bytes.close(promise)
        } else {
            context.close(mode: mode, promise: promise)
        }
    }

    /// Ends the connection behind what has been written, as soon as the client has it or takes its time.
    private func end(_ context: ChannelHandlerContext) {
        isClosed = true
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(Self.nothing, promise: sent)
        context.close(mode: .output, promise: nil)
        let handler = NIOLoopBound(handler, eventLoop: context.eventLoop)
        sent.futureResult.whenComplete { _ in handler.value.drain() }
    }

    // MARK: Refusals

    /// Answers a request that the program does not see, and ends the connection.
    ///
    /// - Parameter head: Nil where there is none that could be read.
    private func refuse(_ head: HTTPRequestHead?, _ problem: Problem, _ context: ChannelHandlerContext) {
        isClosed = true
        let headers = head.map { HTTPFields($0.headers, splitCookie: false) } ?? [:]
        var logger = logger
        let id = logger.nameRequest(with: headers)
        let isHead = head?.method == .HEAD
        let refusal = Refused(problem: problem, id: id, isHead: isHead)
        RequestRecord(
            method: head?.method.rawValue,
            target: head.map { LoggedTarget(URI($0.uri), harmless: []) },
            status: problem.status.code,
            length: isHead ? 0 : problem.bytes.count,
            start: .now,
            peer: handler.peer,
            forwarding: handler.proxies.forwarding(by: handler.peer, headers),
            logger: logger
        )
        .finish()
        if exchanges.isEmpty { answer(refusal, context) } else { self.refusal = refusal }
    }

    private func answer(_ refusal: Refused, _ context: ChannelHandlerContext) {
        self.refusal = nil
        let body = refusal.problem.bytes
        let headers: HTTPHeaders = [
            "content-type": Problem.contentType, "content-length": "\(body.count)", "x-request-id": refusal.id,
            "date": Date.now.httpText, "connection": "close",
        ]
        let status = refusal.problem.status
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: status.code, reasonPhrase: status.reasonPhrase),
            headers: headers
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        // RFC 9110, section 9.3.2.
        if !refusal.isHead { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil) }
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        end(context)
    }
}
