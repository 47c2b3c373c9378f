import Schema

/// Which roles tokens, certificates and users of this machine have.
package struct RoleRules: Sendable {
    /// Roles that claims stand for beside `role` and `roles`: by the name of the claim and a value that it has. Below
    /// `certificate` and `user`, which are no claims, they are those of certificates and users by their names.
    package typealias Map = [String: [String: Set<Role>]]

    private let map: Map
    private let standard: StandardRole?

    /// The role of a token that names none which is known.
    package enum StandardRole: Equatable, Sendable {
        case none
        case role(Role)
    }

    /// - Parameters:
    ///   - map: What other claims stand for.
    ///   - standard: The role of tokens that name none. Nil: operator where the secret has signed them, since whoever has that
    ///     can sign any role; viewer where an issuer has.
    package init(_ map: Map = [:], standard: StandardRole? = nil) {
        self.map = map
        self.standard = standard
    }

    /// Who uses a token whose signature is good.
    ///
    /// - Parameters:
    ///   - names: What `role` and `roles` name.
    ///   - object: All claims.
    func identity(_ subject: String, _ names: [String], _ object: JSONObject, isOfSecret: Bool) -> Identity {
        var roles = Set(names.compactMap(Role.init))
        for (claim, values) in map where !Self.notClaims.contains(claim) {
            for name in Self.names(claim, in: object) { roles.formUnion(values[name] ?? []) }
        }
        let hasStandardRole = roles.isEmpty
        if hasStandardRole {
            switch standard {
            case nil: roles = [isOfSecret ? .operator : .viewer]
            case .role(let role): roles = [role]
            case .some(.none): break
            }
        }
        return Identity(subject: subject, roles: roles, hasStandardRole: hasStandardRole)
    }

    /// Who has shown by their connection who they are.
    ///
    /// - Parameter isAdministrator: Whether they may do everything, whatever the map says.
    package func identity(_ subject: String, by proof: Identity.Proof, isAdministrator: Bool = false) -> Identity {
        let mapped = map[proof.rawValue]?[subject]
        return Identity(
            subject: subject,
            roles: isAdministrator ? [.admin] : mapped ?? [.viewer],
            hasStandardRole: !isAdministrator && mapped == nil,
            proof: proof
        )
    }

    private static let notClaims = Set([Identity.Proof.certificate, .user].map(\.rawValue))

    /// Claims whose text is a list of words (RFC 8693, section 4.2).
    private static let listsOfWords: Set = ["scope", "scp"]

    /// What a claim names. Where there is none of that name, dots lead into objects, as in `realm_access.roles`.
    private static func names(_ claim: String, in object: JSONObject) -> [String] {
        if let value = object[claim] {
            let names = value.names
            return listsOfWords.contains(claim) ? names.flatMap { $0.split(separator: " ").map(String.init) } : names
        }
        var value = JSONValue.object(object)
        for part in claim.split(separator: ".", omittingEmptySubsequences: false) {
            guard case .object(let members) = value, let member = members[String(part)] else { return [] }
            value = member
        }
        return value.names
    }
}

extension JSONValue {
    /// A text, or the texts of a list.
    var names: [String] {
        switch self {
        case .string(let name): [name]
        case .array(let elements): elements.compactMap(\.string)
        default: []
        }
    }
}
