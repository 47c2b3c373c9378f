import Foundation

extension KeyPlace {
    /// The bytes of a file with keys, or of the one that a link leads to, which is how containers replace one.
    ///
    /// - Throws: ``KeySetError``, also when other users can write the file.
    static func read(_ file: URL) throws(KeySetError) -> [UInt8] {
        // Without waiting for whoever writes a pipe.
        let descriptor = open(file.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw KeySetError(String(cString: strerror(errno))) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw KeySetError(String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw KeySetError("it is not a file") }
        guard status.st_mode & 0o022 == 0 else {
            throw KeySetError("other users can write it, and so make tokens; do: chmod go-w \(file.path)")
        }
        do {
            return Array(try handle.read(upToCount: KeySet.maximumSize + 1) ?? Data())
        } catch {
            throw KeySetError(error.localizedDescription)
        }
    }
}
