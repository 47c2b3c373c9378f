import ArgumentParser
import Completeness
import Foundation
import GuardedFiles
import Tokens

/// Makes a token.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make a token for a client, and print it.",
        discussion: "A time is a whole number with its unit: 30s, 5m, 1h, 30d.",
        examples: [
            "token --subject alice --expires-in 30d",
            "token --data-dir /var/lib/node-orchestrator --subject dhcp --role service",
        ]
    )

    @Option(help: ArgumentHelp("Data folder of the server; the secret in it signs the token.", valueName: "dir"))
    var dataDir = "./data"

    @Option(
        help: ArgumentHelp(
            "File with the secret that signs the token, if the server runs with --jwt-secret-file.",
            valueName: "file"
        )
    )
    var jwtSecretFile: String?

    @Option(help: ArgumentHelp("Who will use the token: a person or a service.", valueName: "name"))
    var subject: String

    @Option(
        help: ArgumentHelp("What its user may do; may be repeated. (default: operator)", valueName: "role")
    )
    var role: [Role] = []

    @Option(help: ArgumentHelp("Who made the token (iss).", valueName: "name"))
    var issuer = TokenClaims.standardParty

    @Option(help: ArgumentHelp("Which service the token is for (aud).", valueName: "name"))
    var audience = TokenClaims.standardParty

    @Option(
        help: ArgumentHelp("How long the token is valid. (default: 1d)", valueName: "time"),
        transform: DurationArgument.read
    )
    var expiresIn = DurationArgument(seconds: 86_400)

    func validate() throws {
        for (name, value) in [("subject", subject), ("issuer", issuer), ("audience", audience)] where value.isEmpty {
            throw ValidationError("--\(name) is empty.")
        }
        guard expiresIn.seconds > 0 else { throw ValidationError("--expires-in is at least 1s.") }
    }

    func run() throws {
        let key: TokenKey
        if let jwtSecretFile {
            key = try SecretFile.watched(jwtSecretFile, logger: .offline()).value
        } else {
            let folder = KeyFolder(DataDirectory(URL(filePath: dataDir, directoryHint: .isDirectory)))
            key = try folder.existingKey()
        }
        let claims = TokenClaims(
            subject: subject,
            issuer: issuer,
            audience: audience,
            issued: Date(),
            lifetime: TimeInterval(expiresIn.seconds),
            roles: role.isEmpty ? [.operator] : role
        )
        print(key.sign(claims))
    }
}
