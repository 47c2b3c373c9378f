import Foundation
import NIOSSL
import Scheduling
import SwiftASN1
import Tokens
import X509

/// What a connection shows of its client, before any request.
enum PeerCredential: Sendable {
    /// The name of a certificate that an authority of the server has signed.
    case certificate(String)
    /// A user of this machine.
    case user(uid_t)

    /// Threads that ask who a user is, which may be a question to another machine.
    private static let threads = BackgroundThreads(label: "users")

    func identity(by rules: RoleRules) async -> Identity {
        switch self {
        case .certificate(let name): return rules.identity(name, by: .certificate)
        case .user(let number):
            let name = await Self.threads.run { Self.name(ofUser: number) } ?? "uid:\(number)"
            // Both control the server anyway.
            return rules.identity(name, by: .user, isAdministrator: number == 0 || number == geteuid())
        }
    }

    private static func name(ofUser number: uid_t) -> String? {
        var entry = passwd()
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64 << 10) { buffer in
            var found: UnsafeMutablePointer<passwd>?
            guard let memory = buffer.baseAddress,
                getpwuid_r(number, &entry, memory, buffer.count, &found) == 0, let found
            else { return nil }
            return String(cString: found.pointee.pw_name)
        }
    }
}

extension NIOSSLCertificate {
    /// What its owner is called: the common name of the subject, else the first URI or DNS name among the other names; nil where
    /// it has none of them.
    var clientName: String? {
        get throws {
            let certificate = try Certificate(derEncoded: toDERBytes())
            // The last one is the most specific.
            let commonName = certificate.subject.flatMap(\.self).last { $0.type == .RDNAttributeType.commonName }
            if let name = commonName.flatMap({ String($0.value) }), !name.isEmpty { return name }
            let names = try certificate.extensions.subjectAlternativeNames ?? SubjectAlternativeNames([])
            return names.lazy.compactMap { name in
                switch name {
                case .uniformResourceIdentifier(let text), .dnsName(let text): text
                default: nil
                }
            }
            .first
        }
    }
}
