import ArgumentParser
import GuardedFiles
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
    /// What the contents of the file say.
    ///
    /// - Throws: ``GuardedFileError`` that says what is wrong.
    static func map(_ bytes: [UInt8], of file: GuardedFile) throws(GuardedFileError) -> RoleRules.Map {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw file.error("it is not UTF-8") }
        let mapping: Node.Mapping
        do throws(YAMLFile.Failure) {
            mapping = try YAMLFile.mapping(of: text) ?? [:]
        } catch {
            throw file.error(error.reason)
        }
        var map: RoleRules.Map = [:]
        for (claim, values) in mapping {
            guard let name = claim.string, let values = values.mapping else {
                throw file.error("\(claim.string ?? "a claim") has no values with roles, such as VALUE: viewer")
            }
            for (value, node) in values {
                let value = value.string ?? ""
                guard let roles = roles(node) else {
                    let known = Role.allValueStrings.joined(separator: ", ")
                    throw file.error("\(name): \(value) is none of the roles \(known), nor a list of them")
                }
                map[name, default: [:]][value] = roles
            }
        }
        return map
    }

    /// A role or several; nil for what names none.
    private static func roles(_ node: Node) -> Set<Role>? {
        let names = node.sequence.map(Array.init) ?? [node]
        let roles = names.compactMap { $0.string.flatMap(Role.init) }
        return roles.count == names.count ? Set(roles) : nil
    }
}
