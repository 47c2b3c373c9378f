import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import Schema

/// Shows the servers that share a log.
struct ReplicasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replicas",
        abstract: "Show the servers that share a log: who leads, and how far each is.",
        discussion: """
            Any of the servers can be asked. Each tells the log once a second how far it is; AGE is how long ago it did. \
            OLDEST is the number from which on a server can read every moment.
            """,
        examples: ["replicas --server http://localhost:8080", "replicas --server https://inventory1:8443 --json"]
    )

    @OptionGroup
    var server: ServerOptions

    @OptionGroup
    var data: DataOptions

    @Flag(help: "Print JSON.")
    var json = false

    /// The most that is read of the answer, in bytes.
    private static let maximumSize = 16 << 20

    func validate() throws {
        guard server.server != nil else {
            throw ValidationError(
                "--server is missing: the address of one of the servers, such as http://localhost:8080."
            )
        }
    }

    func run() async throws {
        guard let client = try server.client(data.directory) else { return }
        let text: ByteBuffer
        do {
            text = try await client.send("GET", "/replicas", accept: "application/json").collect(upTo: Self.maximumSize)
        } catch let refusal as ServerRefusal where refusal.status == 404 {
            throw CommandError("the server at \(client.url) shares no log; it runs without --log")
        }
        if json { return print(String(buffer: text)) }
        guard case .object(let answer) = try JSONValue(parsing: text.readableBytesView),
            case .array(let replicas)? = answer["replicas"]
        else { throw CommandError("the server at \(client.url) gives an answer that is none") }
        var table = TextTable([
            .init(title: "NAME"), .init(title: "URL"), .init(title: "LEADS"), .init(title: "SEQUENCE", isNumber: true),
            .init(title: "BEHIND", isNumber: true), .init(title: "OLDEST", isNumber: true), .init(title: "SINCE"),
            .init(title: "AGE", isNumber: true),
        ])
        for case .object(let replica) in replicas {
            func cell(_ name: String) -> String {
                switch replica[name] {
                case .string(let text)?: text.printable
                case .bool(let flag)?: flag ? "yes" : ""
                case let value?: String(decoding: value.bytes, as: UTF8.self)
                case nil: ""
                }
            }
            let names = ["name", "url", "leads", "sequence", "behind", "oldest", "since"]
            table.add(names.map(cell) + [cell("age") + " s"])
        }
        for line in table.lines { print(line) }
        if case .string(let problem)? = answer["problem"] { throw CommandError(problem) }
    }
}
