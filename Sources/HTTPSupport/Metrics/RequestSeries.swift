import HTTPTypes
import Metrics
import Synchronization

/// The series of requests, which are looked up once and not for each request.
enum RequestSeries {
    /// How long requests took.
    static let duration = Metrics.Timer(label: "http_request_duration_seconds", dimensions: [])

    private struct Answer: Hashable {
        let method: String
        let status: Int
    }

    /// Of the methods that HTTP knows; clients make up others, as many as they like.
    private static let counters = Mutex<[Answer: Counter]>([:])
    private static let methods = Set(HTTPRequest.Method.known.map(\.rawValue))

    /// Counts a request by how it was answered.
    ///
    /// - Parameter method: Empty for what is no request of HTTP.
    static func count(method: String, status: Int) {
        let answer = Answer(method: method, status: status)
        let counter = counters.withLock { counters in
            if let known = counters[answer] { return known }
            let new = Counter(
                label: "http_requests_total",
                dimensions: [("method", method), ("status", String(status))]
            )
            if methods.contains(method) { counters[answer] = new }
            return new
        }
        counter.increment()
    }
}
