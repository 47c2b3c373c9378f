package import Foundation

/// What a change of the credential key has come to.
package struct CredentialRotation: Sendable {
    /// The id of the key that seals.
    package let key: String
    /// How many resources have been sealed again.
    package let resealed: Int
    /// How many resources have secrets of keys that are not here; they stay as they are.
    package let unreadable: Int
    /// The keys that are kept to open what history has.
    package let old: [OldKey]

    package struct OldKey: Sendable {
        package let key: String
        /// Moments before this transaction need it.
        package let neededBefore: UInt64
        /// About when the last of them is no longer kept, where the history is kept for a time.
        package let until: Date?
    }
}
