package import Foundation
package import Schema

/// A compute node: the unit that boots an operating system and runs jobs.
@JSONSchema
package struct ComputeNode: Equatable {
    /// Identifier, given by the server unless the client brings one.
    package var id: UUID?
    /// Host name.
    @Field(.indexed)
    package var hostname: HostName
    /// Location of the node, unique among nodes.
    @Field(.unique)
    package var xname: NodeXName?
    /// Node id, a whole number that schedulers and boot services know the node by. Several nodes may have one.
    @Field(.indexed)
    package var nid: Int?
    /// Architecture of the processors, such as x86_64 or arm64.
    package var architecture: Name
    /// MAC address that the node boots from, unique among the MAC addresses of all nodes.
    @Field(.unique("mac"))
    package var bootMAC: MACAddress?
    /// IPv4 address that the node boots with.
    @Field(.indexed)
    package var bootIPv4Address: IPv4Address?
    /// IPv6 address that the node boots with.
    @Field(.indexed)
    package var bootIPv6Address: IPv6Address?
    /// Network interfaces; their MAC addresses are unique among those of all nodes.
    @Field(.unique("mac", each: \NetworkInterface.macAddress))
    package var networkInterfaces: [NetworkInterface]?
    /// The BMC that controls the node. It is found by id, MAC address or place, and fields given here overwrite its
    /// own; username, password and mac_address are required of one that is not stored yet.
    @Field(.partial)
    package var bmc: BMC?
    /// What the node is, in words.
    package var description: String?
    /// Where the node is, in words.
    package var locationString: String?
    /// Serial number.
    package var serialNumber: String?
    /// Who made it.
    package var manufacturer: String?
    /// Model.
    package var model: String?
    /// What a site wants to say of the node beside, by keys of its own.
    package var labels: StringMap?
    /// What the node boots.
    package var bootData: BootData?
    /// What the node should be.
    package var spec: NodeSpec?
    /// What the node was last seen to be.
    package var status: NodeStatus?
}

extension ComputeNode: Resource {
    package static var commonNameKeys: [String] { ["xname", "hostname"] }
    package static var otherFieldNames: [String: String] { ["arch": "architecture", "bmc_mac": "bmc.mac_address"] }
    package static var absenceNames: [String: String] {
        [
            "missingXName": "xname", "missingHostname": "hostname", "missingArch": "architecture",
            "missingBootMAC": "boot_mac", "missingBMCMAC": "bmc.mac_address", "missingIPV4": "boot_ipv4_address",
            "missingIPV6": "boot_ipv6_address",
        ]
    }
    package static var membership: Membership? {
        Membership("collection", in: NodeCollection.self, list: "nodes", of: "xname", called: "name")
    }
    package static var embedded: (key: String, type: any Resource.Type)? { ("bmc", BMC.self) }
    package static var rules: (any ResourceRules)? { ComputeNodeRules() }
    package static var parts: [any JSONStructure.Type] { [NetworkInterface.self] }
}
