import Crypto
import Foundation
import GuardedFiles
import Logging
import Schema
import TestSupport
import Tokens

/// A token is believed only where its issuer has signed just that, and where it says what it must.
struct TokenCheck {
    private static let secret = Array("a secret of the test, long enough".utf8)
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let issuer = "issuer"
    private static let audience = "here"

    /// The public keys whose private ones nobody has any more; the kept corpus has a token that each has signed.
    private static let keys = """
        {"keys":[
        {"kty":"EC","kid":"ec","crv":"P-256","x":"DtCrGGIQNK4mZk1zUeubWuyS2OLHy_ND08BCQpcCM5s",\
        "y":"wckukTa9I2YKhLEkm9fyXV9HxodQ3GJ9XE3A_j2GZAQ"},
        {"kty":"OKP","kid":"ed","crv":"Ed25519","x":"Y75OULtcxn5SYzdB1Xr51uTmNHvq_7HLIjFBHkiedvU"}]}
        """
    /// What they have signed.
    private static let signed = [#"{"alg":"ES256","kid":"ec"}"#, #"{"alg":"EdDSA","kid":"ed"}"#].map { header in
        "\(base64(header)).\(base64(#"{"sub":"alice","iss":"issuer","aud":"here","exp":1900000000}"#))"
    }

    private let verifier: TokenVerifier

    init() async throws {
        let home = TestFolder()
        try FileManager.default.createDirectory(at: home.folder, withIntermediateDirectories: true)
        let file = home.folder.appending(path: "jwks.json")
        try Data(Self.keys.utf8).write(to: file)
        // The file is never looked at again.
        var timing = IssuerTiming(keep: .seconds(1 << 32))
        timing.look = .seconds(1 << 32)
        let issuer = TokenIssuer(
            .file(file),
            timing: timing,
            logger: Logger(label: "issuer") { _ in SwiftLogNoOpLogHandler() }
        )
        try await issuer.begin()
        verifier = TokenVerifier(
            secret: WatchedValue(TokenKey(secret: Self.secret)),
            issuer: issuer,
            issuers: [Self.issuer],
            audiences: [Self.audience]
        )
    }

    @Sendable func check(_ bytes: [UInt8]) async throws {
        guard let newline = bytes.firstIndex(of: 0x0A) else { return try await checkToken(bytes) }
        try await checkContent(header: Array(bytes[..<newline]), claims: Array(bytes[(newline + 1)...]))
    }

    /// A token as somebody sends it.
    private func checkToken(_ bytes: [UInt8]) async throws {
        let token = String(decoding: bytes, as: UTF8.self)
        guard try await verify(token) != .unverified, let end = token.utf8.lastIndex(of: UInt8(ascii: ".")) else {
            return
        }
        let text = String(token[..<end])
        let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: Self.secret))
        let isOfSecret = token[end...].dropFirst() == Self.base64(code)
        try Finding.unless(isOfSecret || Self.signed.contains(text), "believed: \(token)")
    }

    /// A token with any content that has a good signature.
    private func checkContent(header: [UInt8], claims: [UInt8]) async throws {
        let text = "\(Self.base64(header)).\(Self.base64(claims))"
        let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: Self.secret))
        let error = try await verify("\(text).\(Self.base64(code))")
        if error == .unverified { return }
        try Finding.unless(try JSONValue(parsing: header)["alg"] == "HS256", "believed without its algorithm: \(text)")
        guard error == nil else { return }
        let said = try JSONValue(parsing: claims)
        guard case .string(let subject)? = said["sub"], said["iss"] == .string(Self.issuer),
            case .number(let end)? = said["exp"]
        else { throw Finding("good without its claims: \(said)") }
        var audiences: [JSONValue] = []
        if let audience = said["aud"] { audiences = if case .array(let all) = audience { all } else { [audience] } }
        var begin = 0.0
        if case .number(let number)? = said["nbf"] { begin = number.double }
        let (now, leeway) = (Self.now.timeIntervalSince1970, TokenClaims.leeway)
        try Finding.unless(
            !subject.isEmpty && audiences.contains(.string(Self.audience)) && now < end.double + leeway
                && begin - leeway <= now,
            "good with other claims than it must have: \(said)"
        )
    }

    /// Why a token cannot be used; nil where it can.
    private func verify(_ token: String) async throws -> TokenError? {
        var errors: [TokenError?] = []
        // Also as one that is known already.
        for _ in 0..<2 {
            do throws(TokenError) {
                _ = try await verifier.verify(token, at: Self.now)
                errors.append(nil)
            } catch {
                errors.append(error)
            }
        }
        try Finding.unless(errors[0] == errors[1], "first \(errors[0] as Any), then \(errors[1] as Any)")
        return errors[0]
    }

    private static func base64(_ text: String) -> String { base64(Array(text.utf8)) }

    private static func base64(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
