import Logging
import Metrics
import Scheduling

/// What the log and the metrics have of a request.
struct RequestRecord: Sendable {
    /// Nil, as the target, of what is no request of HTTP.
    var method: String?
    var target: LoggedTarget?
    var status: Int
    /// How many bytes of the answer's body were sent.
    var length: Int
    var start: ContinuousClock.Instant
    /// Whom the connection is to, and what a trusted proxy says instead.
    var peer: Peer?
    var forwarding: Forwarding?
    var logger: Logger

    /// What the log calls a request's name; the library of the server has set it.
    static let idKey = "hb.request.id"

    /// Writes it down, when the request has been answered.
    ///
    /// - Parameter aborted: Whether the client did not get all of the answer.
    func finish(aborted: Bool = false) {
        let duration = ContinuousClock.now - start
        logger.info("request", metadata: metadata(duration, aborted: aborted))
        RequestSeries.count(method: method ?? "", status: status)
        RequestSeries.duration.record(duration: duration)
    }

    private func metadata(_ duration: Duration, aborted: Bool) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "status": .stringConvertible(status), "bytes": .stringConvertible(length),
            "duration_ms": .stringConvertible(duration.milliseconds),
            "address": "\(forwarding?.address ?? peer?.description ?? "")",
        ]
        if let method, let target {
            metadata["method"] = "\(method)"
            metadata["path"] = "\(target)"
        }
        if aborted { metadata["aborted"] = "the answer was not sent to its end" }
        return metadata
    }
}
