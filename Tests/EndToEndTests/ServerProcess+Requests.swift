import RawHTTP

extension ServerProcess {
    /// Sends one request on a connection of its own and reads the answer.
    func request(
        _ method: String,
        _ path: String,
        token: String? = nil,
        headers: [String: String] = [:],
        body: String? = nil
    ) throws -> HTTPConnection.Answer {
        let connection = try HTTPConnection(port: port)
        let headers = headers.merging(["Connection": "close"]) { $1 }
        try connection.send(method, path, token: token, headers: headers, body: body)
        return try connection.answer(hasBody: method != "HEAD")
    }

    /// A write with the local client's token.
    func write(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        headers: [String: String] = [:]
    ) throws -> HTTPConnection.Answer {
        let headers = headers.merging(["Content-Type": "application/json"]) { $1 }
        return try request(method, path, token: clientToken(), headers: headers, body: body)
    }
}
