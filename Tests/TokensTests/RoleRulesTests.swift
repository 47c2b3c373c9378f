import Schema
import Testing

@testable import Tokens

@Suite("The roles of a token")
struct RoleRulesTests {
    private static let map: RoleRules.Map = [
        "scope": ["inventory.write": [.service], "inventory.read": [.viewer]],
        "groups": ["/hpc/admins": [.admin], "power": [.viewer, .credentials]],
        "realm_access.roles": ["hpc": [.operator]],
        "https://site.example/roles": ["x y": [.operator]],
        "sub": ["boss": [.admin]],
        "": ["a": [.admin]],
    ]

    private static func identity(_ json: String, _ rules: RoleRules, isOfSecret: Bool = false) throws -> Identity {
        let object = try TokenClaims.object(json: Array(json.utf8))
        return rules.identity("alice", try TokenClaims(object).roles, object, isOfSecret: isOfSecret)
    }

    @Test(
        "come from role and roles, and from other claims as the map says; what is not known does not count",
        arguments: [
            (#"{"role":"viewer"}"#, [.viewer]), (#"{"roles":"admin"}"#, [.admin]),
            (#"{"roles":["service","credentials"],"role":["viewer"]}"#, [.service, .credentials, .viewer]),
            (#"{"roles":["root",1,null,{"a":"admin"},["admin"],"operator"]}"#, [.operator]),
            (#"{"role":"Admin"}"#, []), (#"{"role":"admin viewer"}"#, []), (#"{"role":{"admin":true}}"#, []),
            (#"{"role":true}"#, []), (#"{"scope":"admin"}"#, []), (#"{"groups":["admin"]}"#, []),
            (#"{"scope":"openid inventory.write"}"#, [.service]),
            (#"{"scope":["inventory.read","inventory.write email"]}"#, [.viewer, .service]),
            (#"{"scp":"inventory.write"}"#, []), (#"{"groups":"power"}"#, [.viewer, .credentials]),
            (#"{"groups":["x","/hpc/admins"],"role":"viewer"}"#, [.admin, .viewer]),
            (#"{"groups":"x power"}"#, []), (#"{"realm_access":{"roles":["hpc"]}}"#, [.operator]),
            (#"{"realm_access.roles":"hpc"}"#, [.operator]), (#"{"realm_access":["hpc"]}"#, []),
            (#"{"realm_access.roles":[],"realm_access":{"roles":["hpc"]}}"#, []),
            (#"{"https://site.example/roles":"x y"}"#, [.operator]), (#"{"sub":"boss"}"#, [.admin]),
            (#"{"":"a"}"#, [.admin]), ("{}", []),
        ] as [(String, Set<Role>)]
    )
    func named(json: String, roles: Set<Role>) throws {
        let identity = try Self.identity(json, RoleRules(Self.map, standard: RoleRules.StandardRole.none))
        #expect(identity.roles == roles)
        #expect(identity.hasStandardRole == roles.isEmpty)
    }

    @Test("are, where it names none, operator with the secret, viewer with an issuer, or what is said")
    func standard() throws {
        for json in ["{}", #"{"role":"root"}"#, #"{"groups":["x"]}"#] {
            #expect(try Self.identity(json, RoleRules(Self.map), isOfSecret: true).roles == [.operator])
            #expect(try Self.identity(json, RoleRules(Self.map), isOfSecret: false).roles == [.viewer])
            let rules = RoleRules(Self.map, standard: .role(.service))
            for isOfSecret in [true, false] {
                #expect(try Self.identity(json, rules, isOfSecret: isOfSecret).roles == [.service])
            }
        }
        #expect(try Self.identity(#"{"role":"viewer"}"#, RoleRules(), isOfSecret: true).roles == [.viewer])
    }

    @Test("of certificates and users are those of the map, else those of a viewer, and no token can claim them")
    func connections() throws {
        let map: RoleRules.Map = ["certificate": ["a": [.service]], "user": ["a": [.operator], "b": []]]
        let rules = RoleRules(map, standard: .role(.admin))
        #expect(rules.identity("a", by: .certificate).roles == [.service])
        #expect(rules.identity("a", by: .user).roles == [.operator])
        #expect(rules.identity("b", by: .user).roles == [])
        #expect(rules.identity("b", by: .certificate).roles == [.viewer])
        #expect(rules.identity("b", by: .user, isAdministrator: true).roles == [.admin])
        for claim in ["certificate", "user"] {
            #expect(try Self.identity(#"{"\#(claim)":"a"}"#, RoleRules(map)).roles == [.viewer])
        }
    }

    @Test("allow what each is for")
    func permissions() {
        let table: [Role: Set<Permission>] = [
            .viewer: [.read], .operator: [.read, .write], .service: [.read, .write],
            .credentials: [.read, .readCredentials], .admin: [.read, .write, .administer, .readCredentials],
        ]
        for role in Role.allCases {
            for permission in Permission.allCases {
                let identity = Identity(subject: "alice", roles: [role], hasStandardRole: false)
                #expect(identity.may(permission) == table[role]?.contains(permission))
                #expect(permission.roles.contains(role) == identity.may(permission))
            }
        }
        #expect(!Identity(subject: "alice", roles: [], hasStandardRole: true).may(.read))
    }
}
