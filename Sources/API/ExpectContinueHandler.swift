import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Asks clients that wait for it (`Expect: 100-continue`, RFC 9110, section 10.1.1) to send their body.
///
/// A client with a body above the limit is not asked; it gets its 413 before it has sent anything.
final class ExpectContinueHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data), head.expectsContinue {
            let response = HTTPResponsePart.head(HTTPResponse(status: .continue))
            context.writeAndFlush(wrapOutboundOut(response), promise: nil)
        }
        context.fireChannelRead(data)
    }
}

extension HTTPRequest {
    fileprivate var expectsContinue: Bool {
        guard headerFields[.expect]?.lowercased() == "100-continue" else { return false }
        return headerFields[.contentLength].flatMap { Int($0) }.map { $0 <= Problem.maximumBodySize } ?? true
    }
}
