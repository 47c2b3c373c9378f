import Foundation
import FuzzTargets
import Testing

@Suite("The kept corpus of fuzzing")
struct CorpusTests {
    @Test("finds nothing", arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) async throws {
        let folder = URL(filePath: "Tests/Fixtures/fuzz/\(target)", directoryHint: .isDirectory)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        let check = try await target.check()
        for file in files {
            let bytes = try [UInt8](Data(contentsOf: file))
            await #expect(throws: Never.self, "\(file.lastPathComponent)") { try await check(bytes) }
        }
    }
}
