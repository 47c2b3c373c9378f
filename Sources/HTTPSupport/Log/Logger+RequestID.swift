import HTTPTypes
import Hummingbird
import Logging

extension Logger {
    /// What the log has the request called.
    var requestID: String? { self[metadataKey: RequestRecord.idKey]?.description }

    /// Has the log call a request what its sender does, where that can stand in a log, else what it does already, or anew.
    ///
    /// - Parameter headers: Those of the request.
    /// - Returns: What it is called.
    mutating func nameRequest(with headers: HTTPFields) -> String {
        let given = headers[.requestID].flatMap { $0.isRequestID ? $0 : nil }
        let id = given ?? requestID ?? RequestID().description
        self[metadataKey: RequestRecord.idKey] = "\(id)"
        return id
    }
}

extension String {
    /// How long what a client calls its request may be, in bytes.
    private static let maximumRequestIDLength = 128

    /// Whether it may stand in a log for a request: printable, without spaces, and not long.
    fileprivate var isRequestID: Bool {
        (1...Self.maximumRequestIDLength).contains(utf8.count) && utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }
}
