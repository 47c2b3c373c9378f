package import Foundation
package import Schema

/// A baseboard management controller: the small computer that powers nodes on and off and watches over them.
@JSONSchema
package struct BMC: Equatable {
    /// Identifier, given by the server unless the client brings one.
    package var id: UUID?
    /// Location of the BMC, unique among BMCs.
    @Field(.unique)
    package var xname: BMCXName?
    /// Login name.
    @Field(.required)
    package var username: String?
    /// Login password. It is never answered: an empty string stands for it, and keeps it when written.
    @Field(.required, .secret)
    package var password: String?
    /// IPv4 address.
    @Field(.indexed)
    package var ipv4Address: IPv4Address?
    /// IPv6 address.
    @Field(.indexed)
    package var ipv6Address: IPv6Address?
    /// MAC address, unique among BMCs.
    @Field(.required, .unique("mac"))
    package var macAddress: MACAddress?
    /// What the BMC is, in words.
    package var description: String?
    /// Where the BMC is, in words.
    package var locationString: String?
    /// What a site wants to say of the BMC beside, by keys of its own.
    package var labels: StringMap?
}

extension BMC: Resource {
    package static var otherNames: [String] { ["bmc"] }
    package static var commonNameKeys: [String] { ["xname", "mac_address"] }
    package static var loginKeys: [String] { ["username", "password"] }
}
