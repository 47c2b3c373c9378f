#if os(Linux)
    import Foundation
    import Records
    import TestSupport
    import Testing

    @Suite("The lock of a folder")
    struct FolderLockTests {
        @Test("is free at its end, though a program that is just being started has its descriptors too")
        func inherited() throws {
            let home = TestFolder()
            let folder = home.folder
            defer { withExtendedLifetime(home) {} }
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            var lock: FolderLock? = try FolderLock(folder)
            let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(
                Int32.init
            )
            .filter { descriptor in
                let path = URL(filePath: "/proc/self/fd/\(descriptor)").resolvingSymlinksInPath().path
                return path.hasPrefix(folder.resolvingSymlinksInPath().path)
            }
            #expect(descriptors.count == 2)
            // As fork(2) does it.
            let copies = descriptors.map { dup($0) }
            defer { copies.forEach { close($0) } }
            #expect(throws: FolderInUse.self) { try FolderLock(folder) }
            try withExtendedLifetime(lock) { try $0?.check() }
            lock = nil
            try FolderLock(folder).check()
        }
    }
#endif
