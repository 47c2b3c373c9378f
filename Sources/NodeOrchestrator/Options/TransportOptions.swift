import ArgumentParser
import Foundation
import GuardedFiles
import HTTPSupport
import Logging
import NIOSSL

/// How clients reach the server.
struct TransportOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Address and port to listen on, or unix: and the path of a socket; may be repeated. Port 0 takes a free one. (default: 127.0.0.1:8080)",
            valueName: "host:port|unix:path"
        ),
        transform: ListenAddress.read
    )
    var listen: [ListenAddress] = []

    @Option(
        help: ArgumentHelp("Permissions of the files of Unix sockets. (default: 0660)", valueName: "mode"),
        transform: SocketMode.read
    )
    var socketMode = SocketMode(permissions: 0o660)

    @Option(
        help: ArgumentHelp(
            "Certificate for TLS, and behind it those that lead to an authority (PEM); read again when it changes.",
            valueName: "file"
        )
    )
    var tlsCert: String?

    @Option(help: ArgumentHelp("Key of the certificate (PEM); read again when it changes.", valueName: "file"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "Certificates of authorities whose certificates clients may show instead of a token (PEM); read again when it changes.",
            valueName: "file"
        )
    )
    var tlsClientCa: String?

    @Flag(help: "Allow --insecure-no-auth on addresses that other machines can reach.")
    var allowInsecureRemote = false

    func validate() throws {
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key need each other.")
        }
        guard tlsClientCa == nil || tlsCert != nil else {
            throw ValidationError("--tls-client-ca needs --tls-cert and --tls-key.")
        }
    }

    /// Makes sure that a server which asks nobody who they are is not reached by other machines unless that is meant.
    func check(insecureNoAuth: Bool) throws {
        guard insecureNoAuth else {
            guard !allowInsecureRemote else {
                throw ValidationError("--allow-insecure-remote needs --insecure-no-auth.")
            }
            return
        }
        guard !allowInsecureRemote, let address = addresses.first(where: { !$0.isLocal }) else { return }
        throw ValidationError(
            "--insecure-no-auth with --listen \(address): other machines could change everything. Where that is meant, add --allow-insecure-remote."
        )
    }

    /// Where to listen.
    var addresses: [ListenAddress] { listen.isEmpty ? [.network(host: "127.0.0.1", port: 8080)] : listen }

    /// What connections are secured with; nil where they are not, of which the log warns where other machines can connect.
    ///
    /// - Throws: ``GuardedFileError`` for files that cannot be used.
    func certificate(logger: Logger) throws -> WatchedValue<NIOSSLContext>? {
        guard let tlsCert, let tlsKey else {
            for address in addresses where !address.isLocal {
                logger.warning(
                    "other machines connect without TLS: tokens can be read on the way; use --tls-cert and --tls-key, or a proxy with TLS on this machine",
                    metadata: ["listen": "\(address)"]
                )
            }
            return nil
        }
        return try ServerCertificate.watched(
            certificate: URL(filePath: tlsCert),
            key: URL(filePath: tlsKey),
            clientAuthorities: tlsClientCa.map { URL(filePath: $0) },
            logger: logger
        )
    }
}

/// Permissions of the file of a socket, such as `0660`.
struct SocketMode: SpelledArgument {
    static var forms: String { "permissions in octal digits with those of the owner, such as 0600, 0660 or 0666" }

    let permissions: UInt32

    init(permissions: UInt32) {
        self.permissions = permissions
    }

    init?(argument: String) {
        guard let mode = UInt32(argument, radix: 8), mode & 0o600 == 0o600, mode <= 0o777 else { return nil }
        permissions = mode
    }
}
