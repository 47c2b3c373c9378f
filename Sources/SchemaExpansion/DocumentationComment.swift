import SwiftSyntax

extension SyntaxProtocol {
    /// The text of the documentation comment before the declaration, nil without one: lines of a paragraph joined by a
    /// space, paragraphs by an empty line.
    var documentationComment: String? {
        var lines: [Substring] = []
        for piece in leadingTrivia {
            switch piece {
            case .docLineComment(let text):
                lines.append(text.dropFirst(3))
            case .docBlockComment(let text):
                lines += text.dropFirst(3).dropLast(2).split(separator: "\n", omittingEmptySubsequences: false)
                    .map(\.withoutLeadingAsterisk)
            default: continue
            }
        }
        let paragraphs = lines.map(\.trimmed).split(separator: "").map { $0.joined(separator: " ") }
        return paragraphs.isEmpty ? nil : paragraphs.joined(separator: "\n\n")
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return self[first...last]
    }

    fileprivate var withoutLeadingAsterisk: Substring {
        let line = trimmed
        return line.first == "*" ? line.dropFirst() : line
    }
}
