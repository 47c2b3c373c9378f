import Schema

/// A signed token taken apart (RFC 7515, section 7.1, and RFC 7519), before anything of it is believed.
struct TokenForm {
    /// The longest token that is looked at, in bytes.
    static let maximumSize = 8192

    /// The algorithm that the token says it is signed by.
    let algorithm: SignatureAlgorithm
    /// The name of the key that the token says it is signed with; nil where it does not.
    let kid: String?
    /// What is signed.
    let signedText: ArraySlice<UInt8>
    /// What the token says: JSON.
    let claims: [UInt8]
    let signature: [UInt8]

    /// Takes a token apart.
    ///
    /// - Throws: ``TokenError/unverified`` for what is no token with a known algorithm.
    init(_ bytes: [UInt8]) throws(TokenError) {
        guard bytes.count <= Self.maximumSize else { throw .unverified }
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let claims = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw .unverified }
        (algorithm, kid) = try Self.header(header)
        signedText = bytes[..<parts[1].endIndex]
        self.claims = claims
        self.signature = signature
    }

    private static func header(_ json: [UInt8]) throws(TokenError) -> (SignatureAlgorithm, String?) {
        let header: JSONValue
        do throws(JSONParseError) {
            header = try JSONValue(parsing: json, maximumDepth: 16)
        } catch {
            throw .unverified
        }
        // RFC 7515, section 4.1.11: crit lists extensions that must be understood, which is nothing that there is here.
        guard let algorithm = header["alg"]?.string.flatMap(SignatureAlgorithm.init), header["crit"] == nil else {
            throw .unverified
        }
        // RFC 7519, section 5.1, and RFC 9068, section 2.1; others are not meant to be shown as a token of access.
        if let type = header["typ"] {
            guard let name = type.string?.lowercased(), name == "jwt" || name == "at+jwt" else { throw .unverified }
        }
        let kid = header["kid"]
        guard kid == nil || kid?.string != nil else { throw .unverified }
        return (algorithm, kid?.string)
    }
}
