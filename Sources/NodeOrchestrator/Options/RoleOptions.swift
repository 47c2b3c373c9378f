import ArgumentParser
import Foundation
import GuardedFiles
import HTTPSupport
import Logging
import Tokens

/// What the users of tokens may do.
struct RoleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "YAML or JSON file that says for which roles other claims of a token stand: CLAIM: {VALUE: ROLE}; read again when it changes.",
            valueName: "file"
        )
    )
    var roleMap: String?

    @Option(
        help: ArgumentHelp(
            "Role of a token that names none that is known, or none. (default: operator with the secret, viewer with keys of an issuer)",
            valueName: "role"
        ),
        transform: RoleRules.StandardRole.read
    )
    var defaultRole: RoleRules.StandardRole?

    @Option(
        help: ArgumentHelp("Whether roles count; with shadow only the log says what is refused.", valueName: "mode")
    )
    var authz = RoleEnforcement.enforce

    /// Whether nothing is said.
    var areStandard: Bool { roleMap == nil && defaultRole == nil && authz == .enforce }

    /// Which roles tokens give.
    ///
    /// - Throws: ``GuardedFileError`` for a file that cannot be used.
    func rules(logger: Logger) throws -> WatchedValue<RoleRules> {
        guard let roleMap else { return WatchedValue(RoleRules(standard: defaultRole)) }
        // Whoever can write the file can become an administrator.
        let file = GuardedFile(URL(filePath: roleMap), "--role-map", guarded: .fromWriters)
        return try WatchedValue([file], logger: logger) { [defaultRole] contents in
            RoleRules(try RoleMapFile.map(contents[0].bytes, of: file), standard: defaultRole)
        }
    }
}

/// `viewer`, `none`.
extension RoleRules.StandardRole: SpelledArgument {
    static var forms: String { "\(Role.allValueStrings.joined(separator: ", ")) or none" }

    init?(argument: String) {
        if argument == "none" {
            self = .none
        } else {
            guard let role = Role(rawValue: argument) else { return nil }
            self = .role(role)
        }
    }
}

extension Role: ExpressibleByArgument {}

extension RoleEnforcement: ExpressibleByArgument {}
