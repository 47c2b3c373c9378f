#if os(Linux)
    import Foundation
    import Testing

    @testable import Store

    @Suite("The lock of a folder")
    struct FolderLockTests {
        @Test("is free at its end, though a program that is just being started has its descriptors too")
        func inherited() throws {
            let home = TestFolder()
            try FileManager.default.createDirectory(at: home.folder, withIntermediateDirectories: true)
            var lock: FolderLock? = try FolderLock(home.folder)
            let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(
                Int32.init
            )
            .filter { descriptor in
                let path = URL(filePath: "/proc/self/fd/\(descriptor)").resolvingSymlinksInPath().path
                return path.hasPrefix(home.folder.resolvingSymlinksInPath().path)
            }
            #expect(descriptors.count == 2)
            // As fork(2) does it.
            let copies = descriptors.map { dup($0) }
            defer { copies.forEach { close($0) } }
            #expect(throws: FolderInUse.self) { try FolderLock(home.folder) }
            try withExtendedLifetime(lock) { try $0?.check() }
            lock = nil
            try FolderLock(home.folder).check()
        }
    }
#endif
