/// What reads bytes from strangers, each with what has to hold whatever the bytes are.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// JSON.
    case json
    /// A document: the number of its kind as one digit, then its JSON.
    case validator
    /// A segment of the journal.
    case journal
    /// A search: the number of its kind as one digit, then the query of the request.
    case search
    /// The value of a parameter of a search.
    case hostlist
    /// A token; or two lines, header and claims, that are signed first.
    case token
    /// A set of JSON Web Keys.
    case jwks

    /// Holds the program to what has to be so with some bytes.
    ///
    /// - Throws: ``Finding`` where it is not.
    package typealias Check = @Sendable (_ bytes: [UInt8]) async throws -> Void

    /// The check, with what it needs.
    package func check() async throws -> Check {
        switch self {
        case .json: JSONCheck.check
        case .validator: try ValidatorCheck().check
        case .journal: try JournalCheck().check
        case .search: try await SearchCheck().check
        case .hostlist: HostlistCheck.check
        case .token: try await TokenCheck().check
        case .jwks: KeySetCheck.check
        }
    }
}
