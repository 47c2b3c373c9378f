import CryptoExtras
import Foundation
import GuardedFiles
import Schema
import TestSupport
import Testing

@testable import Tokens

@Suite("A verifier of tokens")
struct TokenVerifierTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let claims = #"{"sub":"alice","iss":"issuer","aud":["other","here"],"exp":1800000060}"#
    /// Of each algorithm.
    private static let keys = Result { try SignatureAlgorithm.allCases.map(SigningKey.init) }

    private static func key(_ algorithm: SignatureAlgorithm) throws -> SigningKey {
        try #require(keys.get().first { $0.algorithm == algorithm })
    }

    /// The public keys of all algorithms.
    private static let file = Result { try IssuerFile(keys.get().filter { $0.algorithm != .hs256 }) }

    /// A verifier that takes tokens of each algorithm.
    private static func verifier() async throws -> TokenVerifier {
        let issuer = try await file.get().issuer()
        return TokenVerifier(
            secret: WatchedValue(TokenKey(secret: SigningKey.secret)),
            issuer: issuer,
            issuers: ["issuer"],
            audiences: ["here", "there"]
        )
    }

    /// Why a token cannot be used; nil where it can.
    private static func error(_ token: String, _ verifier: TokenVerifier) async -> TokenError? {
        do throws(TokenError) {
            _ = try await verifier.verify(token, at: now)
            return nil
        } catch {
            return error
        }
    }

    @Test("takes good tokens of each algorithm", arguments: SignatureAlgorithm.allCases)
    func good(algorithm: SignatureAlgorithm) async throws {
        let (verifier, key) = (try await Self.verifier(), try Self.key(algorithm))
        for header in [
            key.header, key.header.replacing("JWT", with: "at+jwt"), key.header.replacing("JWT", with: "jwt"),
        ] {
            let token = try key.token(Self.claims, header: header)
            for _ in 0..<2 { #expect(try await verifier.verify(token, at: Self.now).claims.sub == "alice") }
        }
    }

    @Test("refuses attacks, and does not say why")
    func attacks() async throws {
        let verifier = try await Self.verifier()
        let (secret, rsa, ec) = (try Self.key(.hs256), try Self.key(.rs256), try Self.key(.es256))
        let (good, claims) = (try rsa.token(Self.claims), Self.claims)
        let parts = good.split(separator: ".").map(String.init)
        let publicKey = try SigningKey.rsa.get().publicKey
        func forged(_ key: [UInt8], _ kid: String) -> String {
            let text = "\(Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT","kid":"\#(kid)"}"#.utf8))).\(parts[1])"
            return TokenKey(secret: key).sign(text)
        }
        func rsaToken(_ header: String) throws -> String { try rsa.token(claims, header: header) }
        let none = Base64URL.encode(Array(#"{"alg":"none"}"#.utf8))
        let last = String(parts[2].dropLast())
        func attack(_ name: String, _ token: String) async {
            #expect(await Self.error(token, verifier) == .unverified, "\(name)")
        }
        await attack("nothing", "")
        await attack("dots", "..")
        await attack("four parts", good + ".e30")
        await attack("two parts", "\(parts[0]).\(parts[1])")
        await attack("five parts", "\(good).a.b")
        await attack("no letters of a token", "ä.ö.ü")
        await attack("a space before", " " + good)
        await attack("a newline behind", good + "\n")
        await attack("stripped signature", "\(parts[0]).\(parts[1]).")
        await attack("none", "\(none).\(parts[1]).")
        await attack("none with the signature", "\(none).\(parts[1]).\(parts[2])")
        try await attack("None", rsaToken(#"{"alg":"None","kid":"\#(rsa.kid)"}"#))
        try await attack("no alg", rsaToken(#"{"kid":"\#(rsa.kid)"}"#))
        try await attack("alg in lower case", rsaToken(rsa.header.replacing("RS256", with: "rs256")))
        try await attack("alg is no text", rsaToken(#"{"alg":["RS256"],"kid":"\#(rsa.kid)"}"#))
        await attack("HS256 with the public key in PEM", forged(Array(publicKey.pemRepresentation.utf8), rsa.kid))
        await attack("HS256 with the public key in DER", forged(Array(publicKey.derRepresentation), rsa.kid))
        await attack("HS256 with the JWK", forged(JSONValue.object(rsa.jwk).bytes, rsa.kid))
        try await attack("HS256 with the modulus", forged(Array(publicKey.getKeyPrimitives().modulus), rsa.kid))
        await attack("HS256 with no secret", forged([0], rsa.kid))
        try await attack("HS512", secret.token(claims, header: #"{"alg":"HS512"}"#))
        try await attack("RS256 for a key of EC", rsaToken(rsa.header.replacing(rsa.kid, with: ec.kid)))
        try await attack("ES256 for a key of RSA", ec.token(claims, header: ec.header.replacing(ec.kid, with: rsa.kid)))
        try await attack("PS256 for RS256", rsaToken(rsa.header.replacing("RS256", with: "PS256")))
        try await attack("RS512 for RS256", rsaToken(rsa.header.replacing("RS256", with: "RS512")))
        try await attack("no kid", rsaToken(#"{"alg":"RS256"}"#))
        try await attack("kid is no text", rsaToken(#"{"alg":"RS256","kid":1}"#))
        try await attack("kid is null", rsaToken(#"{"alg":"RS256","kid":null}"#))
        try await attack("empty kid", rsaToken(#"{"alg":"RS256","kid":""}"#))
        try await attack("another kid", rsaToken(#"{"alg":"RS256","kid":"x"}"#))
        try await attack("kid in upper case", rsaToken(#"{"alg":"RS256","kid":"\#(rsa.kid.uppercased())"}"#))
        try await attack("kid with a path", rsaToken(#"{"alg":"RS256","kid":"../../../../etc/passwd"}"#))
        try await attack("kid with a null", rsaToken(#"{"alg":"RS256","kid":"\#(rsa.kid)\u0000"}"#))
        try await attack("kid as SQL", rsaToken(#"{"alg":"RS256","kid":"' OR 1=1 --"}"#))
        try await attack(
            "its own key",
            SigningKey(.es256).token(claims, header: #"{"alg":"ES256","jwk":{},"kid":"\#(ec.kid)"}"#)
        )
        try await attack("another key with the same kid", SigningKey(.es256).token(claims))
        try await attack("crit", rsaToken(#"{"alg":"RS256","kid":"\#(rsa.kid)","crit":["b64"],"b64":true}"#))
        try await attack(
            "crit of what is known",
            rsaToken(#"{"alg":"RS256","kid":"\#(rsa.kid)","crit":["exp"],"exp":1}"#)
        )
        try await attack("empty crit", rsaToken(#"{"alg":"RS256","kid":"\#(rsa.kid)","crit":[]}"#))
        try await attack("crit is null", rsaToken(#"{"alg":"RS256","kid":"\#(rsa.kid)","crit":null}"#))
        try await attack("another typ", rsaToken(rsa.header.replacing("JWT", with: "dpop+jwt")))
        try await attack("typ is no text", rsaToken(#"{"alg":"RS256","typ":null,"kid":"\#(rsa.kid)"}"#))
        try await attack("alg twice", rsaToken(#"{"alg":"none","alg":"RS256","kid":"\#(rsa.kid)"}"#))
        try await attack("alg twice by an escape", rsaToken(#"{"\u0061lg":"none","alg":"RS256","kid":"\#(rsa.kid)"}"#))
        try await attack("header is no object", rsaToken("[]"))
        try await attack("header is no JSON", rsaToken("{"))
        try await attack("header with more behind it", rsaToken(rsa.header + "{}"))
        try await attack(
            "huge header",
            rsaToken(#"{"alg":"RS256","kid":"\#(rsa.kid)","x":"\#(String(repeating: "x", count: 8192))"}"#)
        )
        try await attack("huge claims", rsa.token(#"{"x":"\#(String(repeating: "x", count: 8192))"}"#))
        try await attack(
            "deep header",
            rsaToken(#"{"alg":"RS256","kid":"\#(rsa.kid)","x":\#(String(repeating: "[", count: 3000))"#)
        )
        await attack("padding", good + "==")
        await attack("padding of the header", "\(parts[0])=.\(parts[1]).\(parts[2])")
        await attack("short signature", "\(parts[0]).\(parts[1]).\(last)")
        await attack("long signature", good + "AAAA")
        await attack(
            "other claims",
            "\(parts[0]).\(Base64URL.encode(Array(claims.replacing("alice", with: "admin").utf8))).\(parts[2])"
        )
        try await attack("DER instead of the two numbers", ec.token(claims) + "AA")
        try await attack(
            "zeros of ECDSA",
            Self.unsigned(ec, claims) + "." + Base64URL.encode([UInt8](repeating: 0, count: 64))
        )
        try await attack(
            "zeros of RSA",
            Self.unsigned(rsa, claims) + "." + Base64URL.encode([UInt8](repeating: 0, count: 256))
        )
        #expect(await Self.error(good, verifier) == nil)
        #expect(verifier.verified.count == 1)
    }

    private static func unsigned(_ key: SigningKey, _ claims: String) throws -> String {
        try key.token(claims).split(separator: ".").dropLast().joined(separator: ".")
    }

    @Test("refuses each other spelling of the last letter of a signature", arguments: SignatureAlgorithm.allCases)
    func lastBits(algorithm: SignatureAlgorithm) async throws {
        let (verifier, token) = (try await Self.verifier(), try Self.key(algorithm).token(Self.claims))
        #expect(await Self.error(token, verifier) == nil)
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.+/ ~"
        for letter in letters where letter != token.last {
            #expect(await Self.error(token.dropLast() + String(letter), verifier) == .unverified, "\(letter)")
        }
    }

    @Test(
        "refuses random changes of good tokens",
        .serialized,
        arguments: SignatureAlgorithm.allCases,
        [SeededGenerator().seed]
    )
    func mutations(algorithm: SignatureAlgorithm, seed: UInt64) async throws {
        print("Random changes of tokens of \(algorithm.rawValue): seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let (verifier, token) = (try await Self.verifier(), Array(try Self.key(algorithm).token(Self.claims).utf8))
        var count = 0
        while count < 10_000 {
            let changed = Self.changed(token, by: &generator)
            guard changed != token else { continue }
            count += 1
            let text = String(decoding: changed, as: UTF8.self)
            guard await Self.error(text, verifier) == .unverified else {
                Issue.record("seed \(seed), change \(count): \(text)")
                return
            }
        }
        #expect(verifier.verified.count == 0)
    }

    private static func changed(_ token: [UInt8], by generator: inout SeededGenerator) -> [UInt8] {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var changed = token
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !changed.isEmpty {
            let place = changed.indices.randomElement(using: &generator) ?? 0
            switch Int.random(in: 0..<8, using: &generator) {
            case 0, 1, 2: changed[place] = letters.randomElement(using: &generator) ?? 0
            case 3: changed[place] ^= 1 << UInt8.random(in: 0..<7, using: &generator)
            case 4: changed.insert(letters.randomElement(using: &generator) ?? 0, at: place)
            case 5: changed.remove(at: place)
            case 6: changed.swapAt(place, changed.indices.randomElement(using: &generator) ?? 0)
            default: changed = Array(changed[..<place])
            }
        }
        return changed
    }

    @Test(
        "says of tokens whose signature is good what is wrong with them",
        arguments: [
            (#"{"sub":"a","iss":"issuer","aud":"here","exp":1799999969}"#, "expired"),
            (#"{"sub":"a","iss":"issuer","aud":"here","exp":-1}"#, "expired at -1"),
            (#"{"sub":"a","iss":"issuer","aud":"here","exp":1800000060,"nbf":1800000031}"#, "not valid before"),
            (#"{"sub":"a","iss":"issuer","aud":"elsewhere","exp":1800000060}"#, "audience"),
            (#"{"sub":"a","iss":"issuer","aud":["Here","her"],"exp":1800000060}"#, "audience"),
            (#"{"sub":"a","iss":"another","aud":"here","exp":1800000060}"#, "issuer"),
            (#"{"sub":"a","iss":"Issuer","aud":"here","exp":1800000060}"#, "issuer"),
            (#"{"iss":"issuer","aud":"here","exp":1800000060}"#, "has no sub"),
            (#"{"sub":"","iss":"issuer","aud":"here","exp":1800000060}"#, "has no sub"),
            (#"{"sub":"a","aud":"here","exp":1800000060}"#, "has no iss"),
            (#"{"sub":"a","iss":"issuer","exp":1800000060}"#, "has no aud"),
            (#"{"sub":"a","iss":"issuer","aud":[],"exp":1800000060}"#, "has no aud"),
            (#"{"sub":"a","iss":"issuer","aud":"here"}"#, "has no exp"),
            (#"{"sub":"a","iss":"issuer","aud":"here","exp":"tomorrow"}"#, "exp is no time"),
            (#"{"sub":"a","iss":"issuer","aud":"here","exp":1e999}"#, "exp is no time"),
            (#"{"sub":"a","iss":"issuer","aud":"here","exp":1800000060,"exp":1}"#, "occurs twice"),
            (#"{"sub":"a","sub":"b","iss":"issuer","aud":"here","exp":1800000060}"#, "occurs twice"),
            (#"{"sub":1,"iss":"issuer","aud":"here","exp":1800000060}"#, "sub is no text"),
            (#"{"sub":"a","iss":"issuer","aud":["here",1],"exp":1800000060}"#, "aud is neither"),
            ("[]", "no object"), ("", "not JSON"), ("{}{}", "not JSON"),
        ]
    )
    func claims(claims: String, reason: String) async throws {
        let verifier = try await Self.verifier()
        for algorithm in [SignatureAlgorithm.hs256, .es256] {
            let error = await Self.error(try Self.key(algorithm).token(claims), verifier)
            #expect(error != .unverified && error?.message.contains(reason) == true, "\(error?.message ?? "taken")")
        }
    }

    @Test("allows for 30 s between clocks, and asks for no names where none are given")
    func leeway() async throws {
        let key = TokenKey(secret: [1])
        let verifier = TokenVerifier(secret: WatchedValue(key))
        let token = key.sign(TokenClaims(subject: "alice", issuer: "i", audience: "a", issued: Self.now, lifetime: 60))
        for (seconds, isGood) in [(0, true), (89, true), (91, false), (-29, true), (-31, false)] {
            let error: TokenError?
            do throws(TokenError) {
                _ = try await verifier.verify(token, at: Self.now + TimeInterval(seconds))
                error = nil
            } catch let found {
                error = found
            }
            #expect((error == nil) == isGood, "\(seconds)")
        }
    }

    @Test("takes no token of a key that it does not have")
    func noKeys() async throws {
        for key in try Self.keys.get() {
            let token = try key.token(Self.claims)
            #expect(await Self.error(token, TokenVerifier(secret: nil)) == .unverified)
            #expect(await Self.error(token, TokenVerifier(secret: WatchedValue(TokenKey(secret: [1])))) == .unverified)
        }
    }
}

extension TokenKey {
    /// A text with the signature of this secret.
    fileprivate func sign(_ text: String) -> String {
        "\(text).\(Base64URL.encode(code(of: Array(text.utf8))))"
    }
}
