import HTTPTypes
package import Hummingbird

extension Response {
    /// How many bytes are worth the work.
    private static let shortest = 1 << 10

    /// The same answer, compressed as it is sent for who asks for that; a short one stays what it is.
    ///
    /// - Parameter others: Further headers of requests that it depends on.
    package consuming func compressed(
        for request: Request,
        dependingOn others: String = "",
        _ context: RouteContext
    ) -> Response {
        headers[.vary] = others.isEmpty ? "Accept-Encoding" : "\(others), Accept-Encoding"
        guard request.acceptsGzip, body.contentLength.map({ $0 >= Self.shortest }) ?? true else { return self }
        let (content, threads) = (body, context.traffic.compressors)
        headers[.contentEncoding] = "gzip"
        body = ResponseBody { writer in try await content.write(GzipWriter(writer, threads)) }
        return self
    }
}
