import Foundation
import RawHTTP
import TestSupport
import Testing

@Suite("A data directory of an earlier version", .timeLimit(.minutes(5)))
struct EarlierVersionTests {
    /// What keeps the fixtures' history, which grows old.
    private static let options = ["--snapshot-freq", "0", "--snapshot-keep", "1000", "--history-keep-for", "36500d"]

    /// A path, and what the earlier version answered.
    private struct Answer: Decodable {
        var path: String
        var body: String

        var isOfThePast: Bool { path.contains("at=") || path.hasPrefix("/diff") }

        /// What this version answers: times are in the years 1 to 9999.
        var expected: String { body.replacing("0000-01-01T00:00:00Z", with: "0001-01-01T00:00:00Z") }
    }

    @Test("opens with every resource, every history and every snapshot as it was", arguments: ["0.1.0", "0.2.0"])
    func opens(version: String) async throws {
        let fixture = URL(filePath: "Tests/Fixtures/\(version)", directoryHint: .isDirectory)
        let answers = try JSONDecoder().decode(
            [Answer].self,
            from: Data(contentsOf: fixture.appending(path: "answers.json"))
        )
        let workspace = try Workspace()
        try workspace.copyData(from: fixture.appending(path: "data"))
        #expect(answers.count > 50)
        for round in 1...3 {
            let server = try await ServerProcess(in: workspace, Self.options)
            let token = try server.clientToken()
            // From the third round on there is a snapshot of this version, of a later moment.
            for answer in answers where round < 3 || answer.isOfThePast {
                let found = try server.request("GET", answer.path, token: token)
                #expect(found.status == 200, "\(answer.path)")
                #expect(found.text == answer.expected, "round \(round): \(answer.path)")
            }
            if round == 1 {
                _ = server.stop(SIGKILL)
            } else {
                let change = #"{"description":"\#(round)"}"#
                #expect(try server.write("PATCH", "/BMC/x1003c0s0b0", change).status == 200)
                #expect(server.stop() == 0)
            }
        }
    }
}
