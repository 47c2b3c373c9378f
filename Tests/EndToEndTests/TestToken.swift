import Crypto
import Foundation

/// Tokens of tests.
enum TestToken {
    static let secret = "a secret of the test"

    /// Claims of alice that are good for some time.
    ///
    /// - Parameter more: Members of the object that follow, each behind a comma.
    static func claims(_ more: String = "", exp: Int = 600) -> String {
        #"{"sub":"alice","iss":"i","aud":"a","exp":\#(Int(Date().timeIntervalSince1970) + exp)\#(more)}"#
    }

    /// A token with any header and claims, signed with any secret.
    static func signed(
        _ claims: String,
        header: String = #"{"alg":"HS256","typ":"JWT"}"#,
        secret: String = secret
    ) -> String {
        func encoded(_ bytes: some Sequence<UInt8>) -> String {
            Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
                "=",
                with: ""
            )
        }
        let text = "\(encoded(header.utf8)).\(encoded(claims.utf8))"
        let key = SymmetricKey(data: Array(secret.utf8))
        return "\(text).\(encoded(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)))"
    }
}
