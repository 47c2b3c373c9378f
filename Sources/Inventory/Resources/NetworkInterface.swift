package import Schema

/// A network interface of a node.
@JSONSchema
package struct NetworkInterface: Equatable {
    /// Name of the interface, as the node's operating system calls it; empty where that is not known.
    package var interfaceName: InterfaceName
    /// MAC address.
    package var macAddress: MACAddress
    /// IPv4 address.
    package var ipv4Address: IPv4Address?
    /// IPv6 address.
    package var ipv6Address: IPv6Address?
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
