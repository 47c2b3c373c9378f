import Foundation

extension CertificateFiles {
    /// How large a file may be, in bytes.
    private static let maximumSize = 1 << 20

    func read() throws(CertificateError) -> Content {
        Content(
            certificate: try Self.read(certificate),
            key: try Self.read(key, isSecret: true),
            clientAuthorities: try clientAuthorities.map { file throws(CertificateError) in try Self.read(file) }
        )
    }

    private static func read(_ file: URL, isSecret: Bool = false) throws(CertificateError) -> [UInt8] {
        do {
            // Of the file that a link leads to, which is how containers replace one.
            let file = file.resolvingSymlinksInPath()
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                throw CertificateError(file, "it is not a file")
            }
            guard attributes[.size] as? Int ?? 0 <= maximumSize else {
                throw CertificateError(file, "it is larger than \(maximumSize) bytes")
            }
            // A group may read it, as that of Debian's ssl-cert and those of containers do.
            guard !isSecret || (attributes[.posixPermissions] as? Int ?? 0) & 0o027 == 0 else {
                throw CertificateError(file, "other users can use the key; do: chmod g-w,o-rwx \(file.path)")
            }
            return Array(try Data(contentsOf: file))
        } catch let error as CertificateError {
            throw error
        } catch {
            throw CertificateError(file, error.localizedDescription)
        }
    }
}
