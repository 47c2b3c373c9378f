package import Foundation

/// A file that decides what others may do, such as a key: it counts only where the system keeps others from it.
package struct GuardedFile: Sendable {
    /// Whom the permissions of the file must keep out.
    package enum Guard: Sendable {
        /// Users beside the owner and the group may read it, and nobody but the owner may write it.
        case fromWriters
        /// The group may read it, as that of Debian's ssl-cert and those of containers do, and nobody else.
        case fromStrangers
        /// Only the owner may use it.
        case fromOthers

        /// The permissions that it must not have.
        fileprivate var refused: mode_t {
            switch self {
            case .fromWriters: 0o022
            case .fromStrangers: 0o027
            case .fromOthers: 0o077
            }
        }

        /// What takes them away.
        fileprivate func command(_ path: String) -> String {
            switch self {
            case .fromWriters: "chmod go-w \(path)"
            case .fromStrangers: "chmod g-w,o-rwx \(path)"
            case .fromOthers: "chmod 600 \(path)"
            }
        }
    }

    /// What a file has.
    package struct Content: Sendable {
        package let bytes: [UInt8]
        /// Whether users beside its owner may read it.
        package let isReadableByOthers: Bool
    }

    package let url: URL
    private let name: String
    private let permissions: Guard
    private let maximumSize: Int

    /// - Parameters:
    ///   - name: What the file is, for messages: `--role-map`.
    ///   - permissions: Whom its permissions must keep out.
    ///   - maximumSize: In bytes.
    package init(_ url: URL, _ name: String, guarded permissions: Guard, maximumSize: Int = 1 << 20) {
        self.url = url
        self.name = name
        self.permissions = permissions
        self.maximumSize = maximumSize
    }

    /// The contents of the file, or of the one that a link leads to, which is how containers replace one.
    ///
    /// - Throws: Also for what is no file, for one that is too large, and when others may do what they must not.
    package func read() throws(GuardedFileError) -> Content {
        // Without waiting for whoever writes a pipe.
        let descriptor = open(url.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemError() }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw systemError() }
        guard status.st_mode & S_IFMT == S_IFREG else { throw error("it is not a file") }
        guard status.st_mode & permissions.refused == 0 else {
            let isWritten = status.st_mode & 0o022 != 0
            let verb = isWritten ? "write" : "read"
            throw error("other users can \(verb) it; do: \(permissions.command(url.path))")
        }
        let bytes: [UInt8]
        do {
            bytes = Array(try handle.read(upToCount: maximumSize + 1) ?? Data())
        } catch {
            throw self.error(error.localizedDescription)
        }
        guard bytes.count <= maximumSize else { throw error("it is larger than \(maximumSize) bytes") }
        return Content(bytes: bytes, isReadableByOthers: status.st_mode & 0o044 != 0)
    }

    /// What is wrong with the file, for whoever reads its contents.
    package func error(_ reason: String) -> GuardedFileError {
        GuardedFileError(description: "cannot use \(url.path) (\(name)): \(reason)", reason: reason)
    }

    private func systemError() -> GuardedFileError {
        error(String(cString: strerror(errno)))
    }
}

/// Why a file cannot be used.
package struct GuardedFileError: Error, CustomStringConvertible {
    /// The file and the reason.
    package let description: String
    package let reason: String
}
