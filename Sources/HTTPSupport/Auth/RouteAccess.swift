/// Who may use a route.
package enum RouteAccess {
    /// Everybody, whatever the server is told.
    case always
    /// Everybody, unless the server wants a token for reading too.
    case open
    /// Whoever has a token.
    case token
}
