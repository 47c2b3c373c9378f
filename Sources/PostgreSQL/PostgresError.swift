/// Why PostgreSQL did not do something. The description has no password, and no values of statements.
package struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    package let kind: Kind
    package let description: String

    package enum Kind: Sendable, Equatable {
        /// libpq is not installed.
        case noLibrary
        /// The location, or an option in it, cannot be used.
        case location
        /// There is no connection, or none any more. What was sent before may have been done.
        case connection
        /// The server refused a statement, which has changed nothing. The code is one of
        /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
        case refused(code: String)
    }

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// Whether the server has waited for a lock for as long as it may.
    package var isOfLock: Bool { kind == .refused(code: "55P03") }

    /// Whether the connection is of no use any more: there is none, or the server accepts no writes (any more).
    package var endsConnection: Bool {
        switch kind {
        case .connection, .noLibrary, .location: true
        case .refused(let code): code == "25006" || code.hasPrefix("57P")
        }
    }
}
