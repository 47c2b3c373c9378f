import Foundation
import Logging
import Testing

@testable import Tokens

@Suite("An issuer of tokens")
struct TokenIssuerTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let claims = #"{"sub":"alice","iss":"i","aud":"a","exp":1800000060}"#

    @Test("has the keys of a file as it is now, and those before as long as it is no set of keys")
    func file() async throws {
        let (first, second) = (try SigningKey(.es256), try SigningKey(.edDSA))
        let file = try IssuerFile([first])
        let issuer = try await file.issuer()
        #expect(await issuer.key(first.kid) != nil)
        #expect(await issuer.key(second.kid) == nil)
        try file.write([first, second])
        #expect(await issuer.key(second.kid) != nil)
        let generation = issuer.generation
        try file.write("{")
        #expect(await issuer.key("another") == nil)
        #expect(await issuer.key(first.kid) != nil)
        try FileManager.default.removeItem(at: file.file)
        #expect(await issuer.key("another") == nil)
        #expect(await issuer.key(second.kid) != nil)
        #expect(issuer.generation == generation)
        try file.write([second])
        #expect(await issuer.key("another") == nil)
        #expect(await issuer.key(first.kid) == nil)
        #expect(issuer.generation == generation + 1)
    }

    @Test("has no keys once they could not be read for too long, and has them again when they can be")
    func keep() async throws {
        let key = try SigningKey(.es256)
        let file = try IssuerFile([key])
        let issuer = try await file.issuer(keep: .zero)
        #expect(await issuer.key(key.kid) != nil)
        try file.write("{}")
        #expect(await issuer.key("another") == nil)
        #expect(await issuer.key(key.kid) == nil)
        try file.write([key])
        #expect(await issuer.key(key.kid) != nil)
    }

    @Test("whose keys change has its tokens verified again")
    func change() async throws {
        let (gone, other) = (try SigningKey(.es256), try SigningKey(.edDSA))
        let file = try IssuerFile([gone])
        let verifier = TokenVerifier(secret: nil, issuer: try await file.issuer())
        let token = try gone.token(Self.claims)
        #expect(try await verifier.verify(token, at: Self.now).claims.sub == "alice")
        try file.write([other])
        #expect(try await verifier.verify(other.token(Self.claims), at: Self.now).claims.sub == "alice")
        await #expect(throws: TokenError.unverified) { try await verifier.verify(token, at: Self.now) }
        #expect(verifier.verified.count == 1)
    }

    @Test("is not begun with a file that is missing, is none, can be written by others, or has no key to use")
    func begin() async throws {
        let folder = FileManager.default.temporaryDirectory
        let secret = try IssuerFile([SigningKey(.hs256)])
        let text = try IssuerFile("keys")
        let open = try IssuerFile([SigningKey(.es256)])
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: open.file.path)
        // Which nobody writes.
        let pipe = folder.appending(path: UUID().uuidString)
        #expect(mkfifo(pipe.path, 0o600) == 0)
        defer { unlink(pipe.path) }
        for (file, reason) in [
            (pipe, "not a file"), (folder.appending(path: UUID().uuidString), "No such file"), (folder, "not a file"),
            (secret.file, "no key that can be used; key 0: it is a secret"), (text.file, "not JSON"),
            (open.file, "other users can write it"),
        ] {
            let issuer = TokenIssuer(.file(file), timing: IssuerTiming(keep: .zero), logger: .init(label: "issuer"))
            let error = await #expect(throws: KeySetError.self) { try await issuer.begin() }
            #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        }
    }

    @Test("that cannot be reached is begun, and its tokens are refused")
    func unreachable() async throws {
        // A port that nothing listens on, of the discard service.
        let place = try #require(KeyPlace(url: "http://127.0.0.1:9/jwks.json"))
        let issuer = TokenIssuer(place, timing: IssuerTiming(keep: .zero), logger: .init(label: "issuer"))
        try await issuer.begin()
        let token = try SigningKey(.es256).token(Self.claims)
        let verifier = TokenVerifier(secret: nil, issuer: issuer)
        await #expect(throws: TokenError.unverified) { try await verifier.verify(token, at: Self.now) }
    }

    @Test("has an address of HTTP with a host and without a password")
    func addresses() {
        #expect(
            KeyPlace(url: "https://issuer.example/jwks.json?secret=1")?.description
                == "https://issuer.example/jwks.json"
        )
        #expect(KeyPlace(url: "http://issuer.example/")?.isUnprotected == true)
        #expect(KeyPlace(url: "http://127.0.0.1:80/")?.isUnprotected == false)
        for text in [
            "", "issuer.example", "ftp://issuer.example/", "https://", "https://u:p@issuer.example/", "/jwks.json",
        ] {
            #expect(KeyPlace(url: text) == nil, "\(text)")
        }
    }
}
