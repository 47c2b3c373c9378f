import HTTPTypes
import Hummingbird

/// What a route that writes makes of `If-Match` and `If-None-Match`, which must not be ignored (RFC 9110, section 13.1).
package enum RouteConditions: Sendable {
    /// It holds to them itself.
    case honoured
    /// It knows no versions that they could be about.
    ///
    /// - Parameter instead: What else there is, as a sentence.
    case refused(instead: String = "")

    /// - Throws: ``Problem`` 400 for conditions that the route does not hold to.
    func check(_ request: Request) throws(Problem) {
        guard case .refused(let instead) = self else { return }
        for name in [HTTPField.Name.ifMatch, .ifNoneMatch] where request.headers.contains(name) {
            let advice = instead.isEmpty ? "" : " \(instead)"
            throw Problem(.badRequest, "\(name) cannot be used here, and nothing was done; send it without.\(advice)")
        }
    }
}
