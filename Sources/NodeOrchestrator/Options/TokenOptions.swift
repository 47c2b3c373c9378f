import ArgumentParser
import Foundation
import GuardedFiles
import Logging
import Tokens

/// Whose tokens are good.
struct TokenOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "File with the secret that tokens are signed with (HS256); read again when it changes. (default: one that the server makes, unless keys of an issuer are given)",
            valueName: "file"
        )
    )
    var jwtSecretFile: String?

    @Option(
        help: ArgumentHelp(
            "Address of the public keys of an issuer of tokens (JWKS), over HTTPS or HTTP.",
            valueName: "url"
        )
    )
    var jwksUrl: String?

    @Option(
        help: ArgumentHelp(
            "File with the public keys of an issuer of tokens (JWKS); read again when it changes.",
            valueName: "file"
        )
    )
    var jwksFile: String?

    @Option(
        help: ArgumentHelp(
            "How long keys of an issuer are good that cannot be read again. (default: 1d)",
            valueName: "time"
        ),
        transform: DurationArgument.read
    )
    var jwksKeepFor: DurationArgument?

    @Option(
        help: ArgumentHelp("Who may have made a token (iss); may be repeated. (default: anybody)", valueName: "name")
    )
    var jwtIssuer: [String] = []

    @Option(
        help: ArgumentHelp(
            "Whom a token may be for (aud); may be repeated. Needed with keys of an issuer. (default: anybody)",
            valueName: "name"
        )
    )
    var jwtAudience: [String] = []

    private static let standardKeep = DurationArgument(seconds: 86_400)

    func validate() throws {
        guard jwksUrl == nil || jwksFile == nil else {
            throw ValidationError("--jwks-url cannot be used with --jwks-file.")
        }
        guard jwksUrl.map({ KeyPlace(url: $0) != nil }) ?? true else {
            throw ValidationError(
                "--jwks-url: give an address such as https://issuer.example/jwks.json, without a password."
            )
        }
        guard place == nil || !jwtAudience.isEmpty else {
            throw ValidationError(
                "--jwks-url and --jwks-file need --jwt-audience; without it, tokens that the issuer makes for other services would be good here."
            )
        }
        guard place != nil || jwksKeepFor == nil else {
            throw ValidationError("--jwks-keep-for needs --jwks-url or --jwks-file.")
        }
        for (name, values) in [("jwt-issuer", jwtIssuer), ("jwt-audience", jwtAudience)] where values.contains("") {
            throw ValidationError("--\(name) is empty.")
        }
    }

    /// Whether nothing is said.
    var areStandard: Bool { jwtSecretFile == nil && place == nil && jwtIssuer.isEmpty && jwtAudience.isEmpty }

    /// Whether the server signs tokens with a secret that it makes itself.
    var areOwn: Bool { jwtSecretFile == nil && place == nil }

    private var place: KeyPlace? {
        jwksUrl.flatMap(KeyPlace.init(url:)) ?? jwksFile.map { .file(URL(filePath: $0)) }
    }

    /// Whose keys are read; nil where there is nobody.
    func issuer(logger: Logger) -> TokenIssuer? {
        let keep = Duration.seconds((jwksKeepFor ?? Self.standardKeep).seconds)
        return place.map { TokenIssuer($0, timing: IssuerTiming(keep: keep), logger: logger) }
    }

    /// The secret of the file; nil where there is none.
    func secret(logger: Logger) throws -> WatchedValue<TokenKey>? {
        try jwtSecretFile.map { try SecretFile.watched($0, logger: logger) }
    }
}
