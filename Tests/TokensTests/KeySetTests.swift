import CryptoExtras
import Foundation
import Schema
import Testing

@testable import Tokens

@Suite("A set of keys")
struct KeySetTests {
    /// Keys of RFC 7515, appendixes A.2 and A.3, and of RFC 8037, appendix A, with the tokens that they have signed there.
    private static let examples: [(jwk: JSONValue, token: String)] = [
        (
            [
                "kty": "RSA", "kid": "k", "e": "AQAB",
                "n": .string(
                    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT"
                        + "-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-"
                        + "KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAc"
                        + "o9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
                ),
            ],
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
                + "cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujG"
                + "bds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRm"
                + "B_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt"
                + "5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        ),
        (
            [
                "kty": "EC", "kid": "k", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            ],
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
                + "cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ),
        (
            ["kty": "OKP", "kid": "k", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"],
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR"
                + "4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        ),
    ]

    private static func set(_ keys: JSONValue...) throws -> KeySet {
        let set: JSONValue = ["keys": .array(keys)]
        return try KeySet(json: set.bytes)
    }

    @Test("verifies what RFC 7515 and RFC 8037 have signed", arguments: 0..<3)
    func signed(index: Int) throws {
        let (jwk, token) = Self.examples[index]
        let key = try #require(try Self.set(jwk)["k"])
        let form = try TokenForm(Array(token.utf8))
        #expect(key.verifies(form.signature, of: form.signedText, by: form.algorithm))
        for algorithm in SignatureAlgorithm.allCases where algorithm != form.algorithm {
            #expect(!key.verifies(form.signature, of: form.signedText, by: algorithm), "\(algorithm)")
        }
        #expect(!key.verifies(form.signature, of: form.signedText.dropLast(), by: form.algorithm))
        var changed = form.signature
        changed[0] ^= 1
        #expect(!key.verifies(changed, of: form.signedText, by: form.algorithm))
    }

    @Test("has the algorithms of its keys from alg, else from type and curve", arguments: SignatureAlgorithm.allCases)
    func algorithms(algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey(algorithm)
        guard algorithm != .hs256 else {
            #expect(try Self.set(.object(key.jwk)).skipped.map(\.reason) == ["it is a secret, not a public key"])
            return
        }
        let isRSA = SignatureAlgorithm.rsa.contains(algorithm)
        #expect(try Self.set(.object(key.jwk))[key.kid]?.algorithms == (isRSA ? SignatureAlgorithm.rsa : [algorithm]))
        var jwk = key.jwk
        jwk["alg"] = .string(algorithm.rawValue)
        #expect(try Self.set(.object(jwk))[key.kid]?.algorithms == [algorithm])
        for other in ["HS256", "none", isRSA ? "ES256" : "RS256", "", "RSA-OAEP"] {
            jwk["alg"] = .string(other)
            #expect(try Self.set(.object(jwk)).count == 0, "\(other)")
        }
    }

    @Test("leaves out keys that cannot be used, and says why, and has the others")
    func skipped() throws {
        let (rsa, ec, ed) = (try SigningKey(.rs256).jwk, try SigningKey(.es256).jwk, try SigningKey(.edDSA).jwk)
        func changed(_ jwk: JSONObject, _ name: String, _ value: JSONValue?) -> JSONValue {
            var jwk = jwk
            jwk[name] = value
            return .object(jwk)
        }
        let small = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024)).publicKey.getKeyPrimitives()
        func check(_ jwk: JSONValue, _ reason: String) throws {
            let set = try Self.set(jwk, .object(ed))
            #expect(set.skipped.count == 1 && set.skipped[0].reason.contains(reason), "\(reason): \(set.skipped)")
            #expect(set.skipped.first?.index == 0)
            #expect(set.count == 1 && set["key of EdDSA"] != nil, "\(reason)")
        }
        try check(1, "no object")
        try check(changed(ec, "kid", nil), "no kid")
        try check(changed(ec, "kid", 1), "no kid")
        try check(changed(ec, "kid", ""), "no kid")
        try check(changed(ec, "kty", nil), "no kty")
        try check(changed(ec, "kty", "XX"), "kty is none")
        try check(changed(ec, "use", "enc"), "use is not sig")
        try check(changed(ec, "use", .null), "use is not sig")
        try check(changed(ec, "key_ops", ["sign"]), "no verify")
        try check(changed(ec, "key_ops", "verify"), "no verify")
        try check(changed(ec, "d", "AAAA"), "private part")
        try check(changed(rsa, "p", "AAAA"), "private part")
        try check(changed(ec, "alg", "ES384"), "not one of ES256")
        try check(changed(ec, "alg", 1), "not one of ES256")
        try check(changed(rsa, "alg", "HS256"), "not one of PS256, PS384")
        try check(changed(ec, "crv", "secp256k1"), "crv is none")
        try check(changed(ec, "crv", "Ed25519"), "crv is none")
        try check(changed(ed, "crv", "X25519"), "crv is none")
        try check(changed(ec, "x", nil), "x is missing")
        try check(changed(ec, "x", "AAAA"), "x has 3 bytes, not 32")
        try check(changed(ec, "crv", "P-384"), "x has 32 bytes, not 48")
        try check(changed(ec, "y", ec["x"]), "no key")
        try check(changed(ed, "x", "AA=="), "not base64url")
        try check(changed(ed, "x", "AB"), "not base64url")
        try check(changed(rsa, "n", "AQAB"), "17 bits")
        try check(changed(rsa, "n", .string(Base64URL.encode(Array(small.modulus)))), "1024 bits")
        try check(
            changed(rsa, "n", .string(Base64URL.encode([1] + [UInt8](repeating: 0xFF, count: 1024)))),
            "8193 bits"
        )
        try check(changed(rsa, "e", "AA"), "no key")
        try check(changed(rsa, "e", nil), "e is missing")
        let twice = try Self.set(.object(ed), changed(ec, "kid", ed["kid"]))
        #expect(twice["key of EdDSA"]?.algorithms == [.edDSA])
        #expect(twice.skipped.map(\.reason) == ["another one before it has the same kid"])
        #expect(twice["key of EdDSA\u{0}"] == nil)
    }

    @Test("is not larger than its limits")
    func limits() throws {
        let key = try SigningKey(.edDSA)
        let keys = (0...KeySet.maximumCount).map { number in
            var jwk = key.jwk
            jwk["kid"] = .string("\(number)")
            return JSONValue.object(jwk)
        }
        let set: JSONValue = ["keys": .array(keys)]
        let read = try KeySet(json: set.bytes)
        #expect(read.count == KeySet.maximumCount)
        #expect(read.skipped.map(\.kid) == ["\(KeySet.maximumCount)"])
        let space = [UInt8](repeating: 0x20, count: KeySet.maximumSize - set.bytes.count)
        #expect(try KeySet(json: set.bytes + space).count == KeySet.maximumCount)
        #expect(throws: KeySetError("they are larger than 1048576 bytes")) {
            try KeySet(json: set.bytes + space + [0x20])
        }
    }

    @Test(
        "is none when it has another form",
        arguments: ["", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[]"#, #"{"keys":[],"keys":[]}"#, "<html>"]
    )
    func noSet(text: String) {
        #expect(throws: KeySetError.self) { try KeySet(json: Array(text.utf8)) }
    }
}
