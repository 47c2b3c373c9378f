import ArgumentParser
import Schema

/// Shows the servers that share a log.
struct ReplicasListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the servers that share a log: who leads, and how far each is. What replicas does by itself.",
        discussion: """
            Any of the servers can be asked. Each tells the log once a second how far it is; AGE is how long ago it did. \
            OLDEST is the number from which on a server can read every moment.
            """,
        examples: ["replicas --server http://localhost:8080", "replicas --server https://inventory1:8443 --json"]
    )

    @OptionGroup
    var server: ReplicaServerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let answer = try await server.answer("GET", "/replicas")
        if json { return print(JSONValue.object(answer).text) }
        guard case .array(let replicas)? = answer["replicas"] else {
            throw CommandError("there is no list of replicas in the answer")
        }
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
        if case .array(let waiting)? = answer["waiting"] {
            for feature in waiting {
                let urls = feature["for"]?.array.compactMap { $0.string?.printable }.joined(separator: ", ") ?? ""
                print("\(feature["feature"]?.string?.printable ?? "") waits for \(urls)")
            }
        }
        if case .string(let problem)? = answer["problem"] { throw CommandError(problem) }
    }
}
