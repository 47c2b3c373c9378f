import Foundation
import Testing

@Suite("The page of the kinds")
struct KindsDocumentTests {
    private static let file = URL(filePath: #filePath).appending(path: "../../../docs/kinds.md").standardizedFileURL

    @Test("is what the structures say; `make docs` writes it")
    func isCurrent() throws {
        let isWritten = ProcessInfo.processInfo.environment["WRITE_DOCS"] != nil
        if isWritten { try Data(KindsDocument.markdown.utf8).write(to: Self.file) }
        let isCurrent = try String(contentsOf: Self.file, encoding: .utf8) == KindsDocument.markdown
        #expect(isCurrent, "docs/kinds.md is stale; `make docs` writes it")
    }
}
