package import Schema

/// An IP address of a network interface, as SMD's EthernetInterfaces have it.
@JSONSchema
package struct NetworkAddress: Equatable {
    /// IPv4 or IPv6 address.
    @Field(.indexed)
    package var ipAddress: IPAddress
    /// Name of the network that it is in, such as NMN.
    package var network: String?
}
