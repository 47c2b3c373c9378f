package import Tokens

/// Who may use a route.
package enum RouteAccess: Equatable, Sendable {
    /// Everybody, whatever the server is told.
    case always
    /// Everybody, unless the server wants a token for reading too; then whoever may read.
    case open
    /// Whoever has a token with a role that may do something.
    case whoMay(Permission)
}
