/// Why a secret cannot be sealed or opened.
package enum SecretError: Error, Equatable, CustomStringConvertible {
    case malformedKey
    case otherKey(String)
    case damaged

    package var description: String {
        switch self {
        case .malformedKey: "a credential key is 32 bytes, or a line of base64 that stands for them"
        case .otherKey(let id): "The secret was sealed with another credential key, \(id)."
        case .damaged: "The sealed secret is damaged."
        }
    }
}
