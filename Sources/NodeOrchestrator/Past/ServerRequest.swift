import Foundation
import Schema

/// A request that has a running server do what a command cannot do beside it.
struct ServerRequest: CustomStringConvertible {
    var method: String
    /// The path with its query, from the first slash.
    var path: String
    var reason: String?

    /// The request for a shell.
    var description: String {
        var text = "curl -X \(method) 'http://HOST:PORT\(path)' -H \"Authorization: Bearer TOKEN\""
        if let reason {
            let body = JSONValue.object(["reason": .string(reason)]).text.replacing("'", with: #"'\''"#)
            text += " -H 'Content-Type: application/json' -d '\(body)'"
        }
        return text
    }

    /// A text as a part of a path or a query.
    static func escape(_ text: String) -> String {
        let characters = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._:"))
        return text.addingPercentEncoding(withAllowedCharacters: characters) ?? text
    }

    /// Advice to send these requests.
    static func advice(_ requests: [ServerRequest]) -> String {
        (["Ask that server instead:"] + requests.map { "  \($0)" }).joined(separator: "\n")
    }
}
