import ArgumentParser
import Foundation
import Tokens
import Yams

/// The file of `--role-map`: names of claims, below each the values that stand for roles.
///
/// ```yaml
/// scope:
///   inventory.write: operator
/// realm_access.roles:
///   hpc-admins: [admin, credentials]
/// ```
enum RoleMapFile {
    /// - Throws: ``CommandError`` that says what is wrong.
    static func read(_ path: String) throws -> RoleRules.Map {
        let mapping: Node.Mapping
        do {
            mapping = try YAMLFile.mapping(path) ?? [:]
        } catch {
            throw CommandError("cannot read --role-map, \(path): \(error.reason)")
        }
        var map: RoleRules.Map = [:]
        for (claim, values) in mapping {
            guard let name = claim.string, let values = values.mapping else {
                throw CommandError(
                    "--role-map, \(path): \(claim.string ?? "a claim") has no values with roles, such as VALUE: viewer"
                )
            }
            for (value, roles) in values {
                map[name, default: [:]][value.string ?? ""] = try Self.roles(
                    roles,
                    of: "\(name): \(value.string ?? "")",
                    path
                )
            }
        }
        return map
    }

    /// A role or several.
    private static func roles(_ node: Node, of value: String, _ path: String) throws -> Set<Role> {
        let names = node.sequence.map(Array.init) ?? [node]
        let roles = names.compactMap { $0.string.flatMap(Role.init) }
        guard roles.count == names.count else {
            let known = Role.allValueStrings.joined(separator: ", ")
            throw CommandError("--role-map, \(path): \(value) is none of the roles \(known), nor a list of them")
        }
        return Set(roles)
    }
}
