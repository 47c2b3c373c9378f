import Testing

@testable import SchemaExpansion

struct ExpansionTests {
    @Test("A struct gets all members of a JSONStructure")
    func structGets() {
        expectExpansion(
            of: """
                /// A login
                /// of someone.
                @JSONSchema
                package struct Login {
                    /// The "name".
                    @Field(.required, .unique) package var userName: String?
                    package var retries: Int
                }
                """,
            to: ##"""
                /// A login
                /// of someone.
                package struct Login {
                    /// The "name".
                    package var userName: String?
                    package var retries: Int

                    package enum CodingKeys: String, CodingKey, CaseIterable {
                        case userName = "user_name"
                        case retries
                    }

                    package static var jsonName: String {
                        "Login"
                    }

                    package static var documentation: String? {
                        "A login of someone."
                    }

                    package static let fields: [JSONField] = [
                        JSONField(
                            name: CodingKeys.userName.rawValue,
                            path: \Self.userName,
                            documentation: #"The "name"."#,
                            isRequired: true,
                            marks: [.required, .unique],
                            type: String.self
                        ),
                        JSONField(
                            name: CodingKeys.retries.rawValue,
                            path: \Self.retries,
                            documentation: nil,
                            isRequired: true,
                            marks: [],
                            type: Int.self
                        ),
                    ]

                    package init(userName: String? = nil, retries: Int) {
                        self.userName = userName
                        self.retries = retries
                    }

                    package init(json _json: JSONValue) throws(JSONDecodingError) {
                        var userName: String?
                        var retries: Int?
                        for _member in try _json.members() {
                            do throws(JSONDecodingError) {
                                switch CodingKeys(rawValue: _member.key) {
                                case .userName:
                                    userName = try String(json: _member.value)
                                case .retries:
                                    retries = try Int(json: _member.value)
                                case nil:
                                    throw JSONDecodingError("is not known")
                                }
                            } catch {
                                throw error.within(_member.key)
                            }
                        }
                        self.userName = userName
                        guard let retries else {
                            throw JSONDecodingError("is required").within(CodingKeys.retries.rawValue)
                        }
                        self.retries = retries
                    }

                    package func write(to writer: inout JSONWriter) {
                        writer.beginObject()
                        if let _value = self.userName {
                            writer.key(CodingKeys.userName.rawValue)
                            _value.write(to: &writer)
                        }
                        writer.key(CodingKeys.retries.rawValue)
                        self.retries.write(to: &writer)
                        writer.endObject()
                    }
                }

                extension Login: JSONStructure {
                }
                """##
        )
    }

    @Test("What is not stored is left alone, and marks, styles and initializers are followed")
    func whatStored() {
        expectExpansion(
            of: ##"""
                /**
                 * A host.
                 *
                 * With
                 * more.
                 */
                @JSONSchema(keys: .pascalCase)
                private struct Host {
                    static let kind = "host"
                    var label: String { name ?? "" }
                    @Field(.key("NAME")) var name: Optional<String> { didSet { print(name) } }
                    @Field(.unique("mac", each: \NIC.port.mac)) var nics: [NIC]
                    @Field(.unique("mac")) let bootMAC: MAC?
                    @Field(.default("on"), .secret) var `default`: Power = .on

                    init() {}
                }
                """##,
            to: ##"""
                /**
                 * A host.
                 *
                 * With
                 * more.
                 */
                private struct Host {
                    static let kind = "host"
                    var label: String { name ?? "" }
                    var name: Optional<String> { didSet { print(name) } }
                    var nics: [NIC]
                    let bootMAC: MAC?
                    var `default`: Power = .on

                    init() {}

                    fileprivate enum CodingKeys: String, CodingKey, CaseIterable {
                        case name = "NAME"
                        case nics = "Nics"
                        case bootMAC = "BootMAC"
                        case `default` = "Default"
                    }

                    fileprivate static var jsonName: String {
                        "Host"
                    }

                    fileprivate static var documentation: String? {
                        "A host.\n\nWith more."
                    }

                    fileprivate static let fields: [JSONField] = [
                        JSONField(
                            name: CodingKeys.name.rawValue,
                            path: \Self.name,
                            documentation: nil,
                            isRequired: false,
                            marks: [.key("NAME")],
                            type: String.self
                        ),
                        JSONField(
                            name: CodingKeys.nics.rawValue,
                            path: \Self.nics,
                            documentation: nil,
                            isRequired: true,
                            marks: [.unique("mac", each: \NIC.port.mac)],
                            type: [NIC].self
                        ),
                        JSONField(
                            name: CodingKeys.bootMAC.rawValue,
                            path: \Self.bootMAC,
                            documentation: nil,
                            isRequired: false,
                            marks: [.unique("mac")],
                            type: MAC.self
                        ),
                        JSONField(
                            name: CodingKeys.`default`.rawValue,
                            path: \Self.`default`,
                            documentation: nil,
                            isRequired: false,
                            marks: [.default("on"), .secret],
                            type: Power.self
                        ),
                    ]

                    fileprivate init(json _json: JSONValue) throws(JSONDecodingError) {
                        var name: String?
                        var nics: [NIC]?
                        var bootMAC: MAC?
                        var `default`: Power? = try Power(json: "on")
                        for _member in try _json.members() {
                            do throws(JSONDecodingError) {
                                switch CodingKeys(rawValue: _member.key) {
                                case .name:
                                    name = try String(json: _member.value)
                                case .nics:
                                    nics = try [NIC](json: _member.value)
                                case .bootMAC:
                                    bootMAC = try MAC(json: _member.value)
                                case .`default`:
                                    `default` = try Power(json: _member.value)
                                case nil:
                                    throw JSONDecodingError("is not known")
                                }
                            } catch {
                                throw error.within(_member.key)
                            }
                        }
                        self.name = name
                        guard let nics else {
                            throw JSONDecodingError("is required").within(CodingKeys.nics.rawValue)
                        }
                        self.nics = nics
                        self.bootMAC = bootMAC
                        guard let `default` else {
                            throw JSONDecodingError("is required").within(CodingKeys.`default`.rawValue)
                        }
                        self.`default` = `default`
                    }

                    fileprivate func write(to writer: inout JSONWriter) {
                        writer.beginObject()
                        if let _value = self.name {
                            writer.key(CodingKeys.name.rawValue)
                            _value.write(to: &writer)
                        }
                        writer.key(CodingKeys.nics.rawValue)
                        self.nics.write(to: &writer)
                        if let _value = self.bootMAC {
                            writer.key(CodingKeys.bootMAC.rawValue)
                            _value.write(to: &writer)
                        }
                        writer.key(CodingKeys.`default`.rawValue)
                        self.`default`.write(to: &writer)
                        writer.endObject()
                    }
                }

                extension Host: JSONStructure {
                }
                """##
        )
    }

    @Test(
        "Snake case parts words",
        arguments: [
            ("xname", "xname"), ("ipv4Address", "ipv4_address"), ("kernelURL", "kernel_url"),
            ("bmcUsername", "bmc_username"), ("bootIPv4Address", "boot_ipv4_address"), ("hostIPv6", "host_ipv6"),
            ("macAddress", "mac_address"), ("URLPath", "url_path"), ("bootMAC", "boot_mac"),
            ("sha256Sum", "sha256_sum"),
        ]
    )
    func snakeCase(name: String, key: String) {
        #expect(KeyStyle.snakeCase.key(for: name) == key)
    }

    @Test(
        "Pascal case begins with a capital",
        arguments: [("netType", "NetType"), ("id", "Id"), ("softwareStatus", "SoftwareStatus")]
    )
    func pascalCase(name: String, key: String) {
        #expect(KeyStyle.pascalCase.key(for: name) == key)
    }
}
