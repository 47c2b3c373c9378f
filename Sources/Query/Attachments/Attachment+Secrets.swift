import Foundation
import ObjectStorage

extension Attachment {
    /// The passwords, keys and tokens in the location, as it has them and percent-decoded, which no message may have.
    ///
    /// They stand in the address before an `@` (RFC 3986, section 3.2.1), in its query, and as keywords of PostgreSQL's library
    /// (<https://www.postgresql.org/docs/current/libpq-connect.html>).
    var secrets: [String] {
        let inAddresses = location.matches(of: #/:\/\/[^:\/@]*:(?<secret>.*)@/#).map(\.output.secret)
        let inQueries = location.matches(
            of: #/[?&][^=&]*(?:password|secret|token)[^=&]*=(?<secret>[^&]*)/#.ignoresCase()
        )
        .map(\.output.secret)
        let keywords = location.matches(
            of: #/password\s*=\s*(?:'(?<quoted>(?:[^'\\]|\\.)*)'|(?<plain>[^\s'&]+))/#.ignoresCase()
        ).compactMap { $0.output.quoted ?? $0.output.plain }
        let written = (inAddresses + inQueries + keywords).map(String.init).filter { !$0.isEmpty }
        return written + written.compactMap(\.removingPercentEncoding)
    }
}
