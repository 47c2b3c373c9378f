import ArgumentParser
import Schema

/// Has a server lead.
struct ReplicasLeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lead",
        abstract: "Have a server that shares a log lead: from now on it accepts the writes.",
        discussion:
            "No number is passed over; writes that are under way may be answered with 503 and are to be sent again. Without --to the server that is asked leads.",
        examples: [
            "replicas lead --server http://inventory2:8080 --token-file admin.token",
            "replicas lead --to inventory2 --server http://localhost:8080 --token-file admin.token",
        ]
    )

    @OptionGroup
    var server: ReplicaServerOptions

    @Option(help: ArgumentHelp("Name or URL of the server, as replicas shows it.", valueName: "name"))
    var to: String?

    func run() async throws {
        let query = to.map { "?to=\(ServerRequest.escape($0))" } ?? ""
        let answer = try await server.answer("POST", "/replicas/lead\(query)")
        guard case .string(let leader)? = answer["leader"] else {
            throw CommandError("the answer does not say who leads")
        }
        print("\(leader) leads")
    }
}
