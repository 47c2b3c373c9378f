package import Schema

/// A network interface of a node.
@JSONSchema
package struct NetworkInterface: Equatable {
    /// Name of the interface, as the node's operating system calls it; empty where that is not known.
    package var interfaceName: InterfaceName
    /// Hardware address: a MAC address, or of InfiniBand a port's GUID (8 bytes) or link-layer address (20 bytes).
    package var macAddress: InterfaceAddress
    /// IPv4 address.
    @Field(.indexed)
    package var ipv4Address: IPv4Address?
    /// IPv6 address.
    @Field(.indexed)
    package var ipv6Address: IPv6Address?
    /// Further IP addresses, each with its network.
    package var ipAddresses: [NetworkAddress]?
    /// What the interface is, in words.
    package var description: String?
    /// Serial number.
    package var serial: String?
    /// Model.
    package var model: String?
    /// Manufacturer.
    package var manufacturer: String?
    /// Version of the firmware.
    package var firmwareVersion: String?
    /// Whatever else is known of the interface.
    package var extendedData: FreeFormObject?
}
