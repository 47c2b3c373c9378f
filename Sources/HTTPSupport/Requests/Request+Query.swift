import Foundation
import Hummingbird
import Scheduling
import Schema

extension Request {
    /// The parameters of the query, as ``Swift/String/queryParameters()`` reads them.
    package func queryParameters() throws(Problem) -> [(name: String, value: String)] {
        try uri.query?.queryParameters() ?? []
    }

    /// The parameters of the query, of which each may come once.
    ///
    /// - Parameter names: Those that there are.
    /// - Throws: ``Problem`` 400 for any other, or for one that comes twice.
    func queryParameters(of names: [String]) throws(Problem) -> [String: String] {
        var parameters: [String: String] = [:]
        for (name, value) in try queryParameters() {
            guard names.contains(name) else {
                let known =
                    names.isEmpty ? "there are none here" : "the parameters are \(names.joined(separator: ", "))"
                throw Problem(.badRequest, "There is no parameter \(name); \(known).")
            }
            guard parameters.updateValue(value, forKey: name) == nil else {
                throw Problem(.badRequest, "The parameter \(name) comes twice.")
            }
        }
        return parameters
    }
}

extension String {
    /// The parameters of a query, in order, decoded; a `+` is a space, as in HTML forms.
    ///
    /// - Throws: ``Problem`` 400 for text that is not percent-encoded UTF-8.
    package func queryParameters() throws(Problem) -> [(name: String, value: String)] {
        var parameters: [(name: String, value: String)] = []
        for part in split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = pair.map { $0.replacing("+", with: " ").percentDecoded }
            guard let name = decoded[0], let value = decoded.count == 1 ? "" : decoded[1] else {
                throw Problem(.badRequest, "The query has \(part), which is not percent-encoded UTF-8.")
            }
            parameters.append((name, value))
        }
        return parameters
    }
}

extension [String: String] {
    /// The value of a parameter of the query, read as a type.
    ///
    /// - Throws: ``Problem`` 400 that names it.
    package func value<Result>(of name: String, _ read: (String) throws -> Result) throws -> Result? {
        guard let text = self[name] else { return nil }
        do {
            return try read(text)
        } catch let error as InvalidValue {
            throw Problem(.badRequest, "The value of \(name), \(text.debugDescription), \(error.message).")
        }
    }

    /// Whether a parameter of the query says `true`.
    package func flag(_ name: String) throws -> Bool {
        try value(of: name) { text in
            guard let flag = Bool(text) else { throw InvalidValue("is neither true nor false") }
            return flag
        } ?? false
    }
}

extension Request {
    /// The path and the query, as the client has written them.
    var target: String { uri.path + (uri.query.map { "?\($0)" } ?? "") }
}

extension StringProtocol {
    /// The text with what is percent-encoded in it decoded; nil where that is malformed or not UTF-8.
    ///
    /// Foundation's decoding lets some of what is not UTF-8 through.
    package var percentDecoded: String? {
        guard utf8.contains(UInt8(ascii: "%")) else { return String(self) }
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexDigit, let low = rest.popFirst()?.hexDigit else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension String {
    /// The text as a part of a path, or as a name or value of a query.
    package var percentEncoded: String {
        addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~"))) ?? ""
    }

    /// The text, a path with or without a query, as it stands in a URL (RFC 3986, sections 3.3 and 3.4): with what may not stand
    /// there percent-encoded, and what is encoded as it is.
    package var encodedTarget: String { addingPercentEncoding(withAllowedCharacters: Self.targetCharacters) ?? self }

    private static let targetCharacters = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?%"
    )
}
