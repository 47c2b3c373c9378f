import Schema

/// A network interface of a sample host.
@JSONSchema
struct SampleInterface: Equatable {
    /// Name of the interface.
    var name: String
    @Field(.required, .format(.macAddress)) var macAddress: String?
    var extendedData: FreeFormObject?
}

enum SamplePower: String, JSONEnumeration {
    case on, off
}

/// A login.
@JSONSchema
struct SampleLogin: Equatable {
    @Field(.required) var username: String?
    /// Never shown.
    @Field(.required, .secret) var password: String?
}

/// A host
/// of two lines.
///
/// And a second paragraph with "quotes" and a \ backslash.
@JSONSchema
struct SampleHost: Equatable {
    /// Identifier, given by the server.
    @Field(.readOnly, .format(.uuid)) var id: String?
    @Field(.required, .unique) var hostname: String?
    @Field(.unique("mac")) var bootMAC: String?
    @Field(.unique("mac", each: \SampleInterface.macAddress)) var networkInterfaces: [SampleInterface]?
    /// The login.
    @Field(.partial) var login: SampleLogin?
    @Field(.default("on")) var power: SamplePower
    @Field(.pattern("^r[0-9]+$")) var rack: String?
    @Field(.key("NID")) var nid: Int?
    var bootIPv4Address: String?
    var labels: StringMap?
    var `default`: Bool?

    static let kind = "host"
    var label: String { hostname ?? "?" }
}

/// A component.
@JSONSchema(keys: .pascalCase)
struct SampleComponent {
    @Field(.key("UID")) var uid: String
    var netType: String?
    var iPv4Address: String?
}

/// A rack with a host in it.
@JSONSchema
struct SampleRack {
    @Field(.unique) var name: String
    var host: SampleHost
}
