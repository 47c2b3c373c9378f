import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import Records

/// In which form a client wants a list of resources.
struct ListForm: Sendable {
    /// Whether there is one resource a line, instead of an array.
    let isLines: Bool
    let isCompressed: Bool

    /// - Throws: ``Problem`` 406 for a client that wants neither form; one that names none of them gets an array.
    init(_ request: Request) throws(Problem) {
        isCompressed = request.acceptsGzip
        guard let text = request.headers[.accept] else {
            isLines = false
            return
        }
        let preferences = Preferences(text)
        let best = preferences.best(of: [false, true]) { Self.types(isLines: $0) }
        guard best != nil || !preferences.refuse(Self.types(isLines: false)) else {
            throw Problem(
                .notAcceptable,
                "Accept asks for \(text), but a list can only be application/json or application/x-ndjson."
            )
        }
        isLines = best ?? false
    }

    private static func types(isLines: Bool) -> [String] { isLines ? LineRoutes.mediaTypes : Request.jsonTypes }

    /// The entity tag of a list, without its quotes.
    ///
    /// What it shows is told by the last transaction that it depends on, with the hash of all before, which no other history
    /// has; by the program, which may show it otherwise; and by the form. What is asked for is in the URL.
    ///
    /// - Parameters:
    ///   - lastChange: The last transaction that changed anything that was read, or an earlier one.
    ///   - inventory: The id of the inventory.
    func entityTag(_ lastChange: ChainPoint, of inventory: UUID) -> String {
        let history = "\(lastChange.sequence)-\(inventory.uuidString.lowercased().prefix(8))-\(lastChange.hash)"
        return "\(history)-\(Version.current)\(isLines ? "-ndjson" : "")\(isCompressed ? "-gzip" : "")"
    }

    /// What of a request's headers answers depend on.
    static let vary = "Accept, Accept-Encoding"
}
