import ArgumentParser
import NIOCore
import Schema

/// Which of the servers that share a log is asked, and as whom.
struct ReplicaServerOptions: ParsableArguments {
    @OptionGroup
    var server: ServerOptions

    @OptionGroup
    var data: DataOptions

    /// The most that is read of an answer, in bytes.
    private static let maximumSize = 16 << 20

    func validate() throws {
        guard server.server != nil else {
            throw ValidationError(
                "--server is missing: the address of one of the servers, such as http://localhost:8080."
            )
        }
    }

    /// What the server answers, as JSON.
    func answer(_ method: String, _ path: String) async throws -> JSONObject {
        guard let client = try server.client(data.directory) else { return [:] }
        let body: ByteBuffer
        do {
            body = try await client.send(method, path, accept: "application/json").collect(upTo: Self.maximumSize)
        } catch let refusal as ServerRefusal where refusal.status == 404 && method == "GET" {
            throw CommandError("the server at \(client.url) shares no log; it runs without --log")
        }
        guard case .object(let answer) = try JSONValue(parsing: body.readableBytesView) else {
            throw CommandError("the server at \(client.url) gives an answer that is none")
        }
        return answer
    }
}
