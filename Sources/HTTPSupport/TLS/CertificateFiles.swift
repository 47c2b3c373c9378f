package import Foundation
import NIOSSL

/// The files of a server's certificate, all PEM.
package struct CertificateFiles: Sendable {
    let certificate: URL
    let key: URL
    let clientAuthorities: URL?

    /// What the files have.
    struct Content: Equatable {
        var certificate: [UInt8]
        var key: [UInt8]
        var clientAuthorities: [UInt8]?
    }

    /// Suites of TLS 1.2 that authenticate what they encrypt, with keys that nobody can work out later; all of TLS 1.3 do.
    private static let suites = "ECDH+AESGCM:ECDH+CHACHA20"

    /// - Parameters:
    ///   - certificate: The certificate, and behind it those that lead to an authority.
    ///   - clientAuthorities: Who signs the certificates of clients; nil where clients are not asked for any.
    package init(certificate: URL, key: URL, clientAuthorities: URL?) {
        self.certificate = certificate
        self.key = key
        self.clientAuthorities = clientAuthorities
    }

    /// What connections are secured with.
    ///
    /// - Returns: Also when the certificate ends.
    func context(_ content: Content) throws(CertificateError) -> (context: NIOSSLContext, end: Date) {
        let chain = try Self.certificates(content.certificate, of: certificate)
        let privateKey: NIOSSLPrivateKey
        do {
            privateKey = try NIOSSLPrivateKey(bytes: content.key, format: .pem)
        } catch {
            throw CertificateError(key, "it has no private key in PEM without a password")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(privateKey)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuites = Self.suites
        configuration.applicationProtocols = ["http/1.1"]
        if let clientAuthorities, let bytes = content.clientAuthorities {
            configuration.trustRoots = .certificates(try Self.certificates(bytes, of: clientAuthorities))
            configuration.certificateVerification = .optionalVerification
            configuration.sendCANameList = true
        }
        do {
            let end = Date(timeIntervalSince1970: TimeInterval(chain[0].notValidAfter))
            return (try NIOSSLContext(configuration: configuration), end)
        } catch {
            throw CertificateError(key, "it is not the key of the certificate in \(certificate.path)")
        }
    }

    /// The certificates of a file, of which there is at least one.
    private static func certificates(_ bytes: [UInt8], of file: URL) throws(CertificateError) -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
            guard !certificates.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            return certificates
        } catch {
            throw CertificateError(file, "it has no certificate in PEM, or one that cannot be read")
        }
    }
}

/// Why a certificate cannot be used.
package struct CertificateError: Error, CustomStringConvertible {
    package let description: String

    init(_ file: URL, _ reason: String) {
        description = "\(file.path): \(reason)"
    }
}
