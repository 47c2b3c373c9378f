import ArgumentParser
import Completeness
import Foundation
import NIOSSL
import Records

/// Which server is asked, and as whom.
struct ServerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Address of a server, such as http://localhost:8080.", valueName: "url"))
    var server: String?

    @Option(
        help: ArgumentHelp(
            "Token for the server. (default: for a server on this machine, the one in keys/client.token of the data folder)",
            valueName: "token"
        )
    )
    var token: String?

    @Option(help: ArgumentHelp("File with the token for the server.", valueName: "file"))
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "File with the certificates of who signs that of the server (PEM). (default: those that the system knows)",
            valueName: "file"
        )
    )
    var ca: String?

    func validate() throws {
        if let server {
            let address = URL(string: server)
            guard ["http", "https"].contains(address?.scheme), address?.host() != nil else {
                throw ValidationError("--server is an address such as http://localhost:8080, not \(server).")
            }
        }
    }

    /// The server that the options name; nil for none.
    ///
    /// - Parameter directory: Where a server on this machine keeps its data.
    func client(_ directory: DataDirectory) throws -> ServerClient? {
        guard let server else { return nil }
        let url = server.hasSuffix("/") ? String(server.dropLast()) : server
        return ServerClient(url: url, token: try foundToken(for: url, directory), tls: try tls())
    }

    private func tls() throws -> TLSConfiguration? { try ca.map { try .trusting($0, namedBy: "--ca") } }

    private func foundToken(for url: String, _ directory: DataDirectory) throws -> String? {
        // The environment may have a token for others to use.
        if let tokenFile { return try Self.read(tokenFile) }
        if let token { return token }
        // A server leaves one for whoever may read its data.
        let local = KeyFolder(directory).clientTokenFile.path
        return Self.isThisMachine(url) && FileManager.default.isReadableFile(atPath: local) ? try Self.read(local) : nil
    }

    private static func read(_ file: String) throws -> String {
        do {
            return try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw CommandError("cannot read the token in \(file): \(error.systemReason)")
        }
    }

    private static func isThisMachine(_ url: String) -> Bool {
        guard let host = URL(string: url)?.host() else { return false }
        return ["localhost", "::1", "[::1]"].contains(host) || host.wholeMatch(of: #/127\.\d+\.\d+\.\d+/#) != nil
    }
}

extension TLSConfiguration {
    /// Recognises servers by who has signed their certificates.
    ///
    /// - Parameters:
    ///   - file: The certificates of those (PEM).
    ///   - option: Names the file.
    static func trusting(_ file: String, namedBy option: String) throws -> TLSConfiguration {
        do {
            var configuration = makeClientConfiguration()
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
            return configuration
        } catch {
            throw CommandError("cannot read certificates in \(option), \(file)")
        }
    }
}
