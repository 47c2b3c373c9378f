import Foundation
import NIOCore

/// The file of a Unix socket that a server listens on.
struct UnixSocket {
    let path: String
    /// Who may connect: whoever may write the file.
    let mode: mode_t

    private var address: ListenAddress { .socket(path: path) }

    /// Makes room for the file: one of a server that has ended is removed.
    ///
    /// - Throws: ``ListenError`` where something else is there, or a server that lives.
    func prepare() throws(ListenError) {
        // Until it has its mode the file is nobody else's. All other files of the program have modes of their own.
        umask(0o077)
        let type: FileAttributeType?
        do {
            type = try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            return
        } catch {
            throw ListenError(address, error.localizedDescription)
        }
        guard type == .typeSocket else { throw ListenError(address, "there is something else, no socket") }
        let code = try codeOfConnecting()
        // A server whose queue is full lives, too.
        guard code != 0, code != EAGAIN else { throw ListenError(address, "it is in use by another server") }
        guard code == ECONNREFUSED else { throw failure(code) }
        guard unlink(path) == 0 else { throw failure(errno) }
    }

    /// Tries to connect to whoever listens.
    ///
    /// - Returns: The code of the error, or 0.
    private func codeOfConnecting() throws(ListenError) -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure(errno) }
        defer { close(descriptor) }
        do {
            return try SocketAddress(unixDomainSocketPath: path).withSockAddr { address, size in
                connect(descriptor, address, socklen_t(size)) == 0 ? 0 : errno
            }
        } catch {
            throw ListenError(address, "\(error)")
        }
    }

    /// Lets others connect, as far as the mode says.
    func open() throws(ListenError) {
        guard chmod(path, mode) == 0 else { throw failure(errno) }
    }

    /// Removes the file. New clients see at once that nobody listens.
    func remove() {
        unlink(path)
    }

    private func failure(_ code: CInt) -> ListenError { ListenError(address, String(cString: strerror(code))) }
}
