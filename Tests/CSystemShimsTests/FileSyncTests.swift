import CSystemShims
import Foundation
import Testing

struct FileSyncTests {
    @Test("A written file can be synced")
    func writtenFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        defer { unlink(path) }
        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        #expect(write(file, "x", 1) == 1)
        #expect(no_fdatasync(file) == 0)
    }

    @Test("What is no file is refused with the reason in errno")
    func whatFile() {
        #expect(no_fdatasync(-1) == -1)
        #expect(errno == EBADF)
    }
}
