package import Foundation
package import GuardedFiles
package import Logging
import Metrics
package import NIOSSL

/// What a server secures connections with: the files of its certificate, all PEM.
package enum ServerCertificate {
    /// Suites of TLS 1.2 that authenticate what they encrypt, with keys that nobody can work out later; all of TLS 1.3 do.
    private static let suites = "ECDH+AESGCM:ECDH+CHACHA20"

    /// Reads the files, and reads them again when they change.
    ///
    /// - Parameters:
    ///   - certificate: The certificate, and behind it those that lead to an authority.
    ///   - key: Its key.
    ///   - clientAuthorities: Who signs the certificates of clients; nil where clients are not asked for any.
    /// - Throws: ``GuardedFileError`` for files that cannot be used.
    package static func watched(
        certificate: URL,
        key: URL,
        clientAuthorities: URL?,
        logger: Logger
    ) throws -> WatchedValue<NIOSSLContext> {
        let certificate = GuardedFile(certificate, "--tls-cert", guarded: .fromWriters)
        let key = GuardedFile(key, "--tls-key", guarded: .fromStrangers)
        let authorities = clientAuthorities.map { GuardedFile($0, "--tls-client-ca", guarded: .fromWriters) }
        return try WatchedValue([certificate, key] + [authorities].compactMap(\.self), logger: logger) { contents in
            let chain = try certificates(contents[0].bytes, of: certificate)
            let privateKey: NIOSSLPrivateKey
            do {
                privateKey = try NIOSSLPrivateKey(bytes: contents[1].bytes, format: .pem)
            } catch {
                throw key.error("it has no private key in PEM without a password")
            }
            var configuration = configuration(chain, privateKey)
            if let authorities {
                configuration.trustRoots = .certificates(try certificates(contents[2].bytes, of: authorities))
                configuration.certificateVerification = .optionalVerification
                configuration.sendCANameList = true
            }
            let context: NIOSSLContext
            do {
                context = try NIOSSLContext(configuration: configuration)
            } catch {
                throw key.error("it is not the key of the certificate in \(certificate.url.path)")
            }
            note(Date(timeIntervalSince1970: TimeInterval(chain[0].notValidAfter)), logger)
            return context
        }
    }

    private static func configuration(_ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuites = suites
        configuration.applicationProtocols = ["http/1.1"]
        return configuration
    }

    /// The certificates of a file, of which there is at least one.
    private static func certificates(
        _ bytes: [UInt8],
        of file: GuardedFile
    ) throws(GuardedFileError) -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
            guard !certificates.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            return certificates
        } catch {
            throw file.error("it has no certificate in PEM, or one that cannot be read")
        }
    }

    /// Says when the certificate ends.
    private static func note(_ end: Date, _ logger: Logger) {
        Gauge(label: "tls_certificate_end_timestamp_seconds").record(end.timeIntervalSince1970)
        guard end < .now else { return }
        logger.warning(
            "the TLS certificate has ended: clients refuse it",
            metadata: ["ended": "\(end.formatted(.iso8601))"]
        )
    }
}
