/// Why a token cannot be used.
package enum TokenError: Error, Equatable {
    /// No key that the server trusts has signed it, as far as the server can say. Why is told to nobody: whoever has no good
    /// token learns neither which keys there are nor how far a guess has come.
    case unverified
    /// Its signature is good, but not what it says; the end of a sentence about the token.
    case claims(String)

    /// The end of a sentence about the token.
    package var message: String {
        switch self {
        case .unverified: "it is not signed with a key of this server or of its issuer of tokens"
        case .claims(let message): message
        }
    }
}
