import ArgumentParser
import Audit
import Completeness
import Foundation
import Logging

/// Where it is written down who has done what.
struct AuditOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "File of the audit log, or none. (default: audit/audit.log in the data folder)",
            valueName: "file"
        )
    )
    var auditLog: String?

    @Option(
        help: ArgumentHelp(
            "Size of the audit log beyond which the file becomes FILE.1, and another is begun. (default: 256MiB)",
            valueName: "size"
        ),
        transform: ByteSizeArgument.read
    )
    var auditLogMaxSize = ByteSizeArgument(bytes: 256 << 20)

    /// Room for the lines of some requests.
    private static let minimumSize = 1_000_000

    func validate() throws {
        guard auditLogMaxSize.bytes >= Self.minimumSize else {
            throw ValidationError("--audit-log-max-size is at least \(ByteSizeArgument(bytes: Self.minimumSize)).")
        }
        guard auditLog != "" else { throw ValidationError("--audit-log is empty.") }
    }

    /// The log; nil where nothing is to be written down.
    func log(_ directory: DataDirectory, logger: Logger) throws -> AuditLog? {
        guard auditLog != "none" else { return nil }
        let path = auditLog.map { URL(filePath: $0) } ?? directory.audit
        return try AuditLog(AuditFile(path), maximumSize: auditLogMaxSize.bytes, disk: directory.disk, logger: logger)
    }
}
