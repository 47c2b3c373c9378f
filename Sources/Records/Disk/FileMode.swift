/// Who may use the files of the store.
package struct FileMode: Sendable, Equatable {
    /// The permissions of files.
    package let files: UInt32
    /// The permissions of folders, which can be searched by whoever can read.
    package var folders: UInt32 { files | (files & 0o444) >> 2 }

    package init(files: UInt32) {
        self.files = files
    }

    /// The server's user alone.
    package static let `private` = FileMode(files: 0o600)
    /// Everybody may read, as far as the umask lets them: for what is no secret.
    package static let open = FileMode(files: 0o644)
}
