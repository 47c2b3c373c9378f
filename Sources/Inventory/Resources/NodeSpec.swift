package import Schema

/// What a node should be.
@JSONSchema
package struct NodeSpec: Equatable {
    /// Host name.
    package var hostname: HostName?
    /// MAC address to boot from.
    package var bootMAC: MACAddress?
    /// IPv4 address to boot with.
    package var bootIPv4Address: IPv4Address?
    /// IPv6 address to boot with.
    package var bootIPv6Address: IPv6Address?
    /// Where the node's BMC is to be reached.
    package var bmcEndpoint: String?
    /// Login name at the BMC.
    package var bmcUsername: String?
    /// Login password at the BMC. It is never answered: an empty string stands for it, and keeps it when written.
    @Field(.secret)
    package var bmcPassword: String?
    /// Network interfaces.
    package var networkInterfaces: [NetworkInterface]?
    /// What to boot.
    package var bootConfiguration: BootData?
}
