import ArgumentParser
import Completeness
import Foundation
import Tokens

/// Makes a token.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make a token for a client, and print it."
    )

    @Option(help: "Data folder of the server, whose own secret signs the token.")
    var dataDir = "./data"

    @Option(help: "File with the secret that signs the token, where the server is given one.")
    var jwtSecretFile: String?

    @Option(help: "Who uses the token.")
    var subject: String

    @Option(help: "What the user may do.")
    var role: String?

    @Option(help: "Who made the token.")
    var issuer = TokenClaims.standardParty

    @Option(help: "Whom the token is for.")
    var audience = TokenClaims.standardParty

    @Option(help: "How long the token is good. (default: 1d)", transform: DurationArgument.read)
    var expiresIn = DurationArgument(seconds: 86_400)

    func validate() throws {
        for (name, value) in [("subject", subject), ("issuer", issuer), ("audience", audience)] where value.isEmpty {
            throw ValidationError("--\(name) is empty.")
        }
        guard expiresIn.seconds > 0 else { throw ValidationError("--expires-in is at least 1s.") }
    }

    func run() async throws {
        let key: TokenKey
        if let jwtSecretFile {
            key = await TokenKey(secret: try KeyFolder.secret(inFile: jwtSecretFile, logger: .offline()))
        } else {
            let folder = KeyFolder(DataDirectory(URL(filePath: dataDir, directoryHint: .isDirectory)))
            key = try await folder.existingKey()
        }
        let claims = TokenClaims(
            subject: subject,
            issuer: issuer,
            audience: audience,
            issued: Date(),
            lifetime: TimeInterval(expiresIn.seconds),
            role: role
        )
        print(try await key.sign(claims))
    }
}
