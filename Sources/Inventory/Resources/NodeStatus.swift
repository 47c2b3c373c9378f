package import Schema

/// What a node was last seen to be.
@JSONSchema
package struct NodeStatus: Equatable {
    /// Whether the node has power.
    package var powerState: PowerState?
    /// What the node booted.
    package var bootConfiguration: BootStatus?
    /// Network interfaces.
    package var networkInterfaces: [NetworkInterface]?
    /// Whatever else is known of the node.
    package var extendedData: FreeFormObject?
}

/// Whether a node has power.
@JSONSchema
package struct PowerState: Equatable {
    /// True when the power is on.
    package var on: Bool
    /// When this was seen.
    package var lastUpdated: Timestamp?
}

/// What a node booted.
@JSONSchema
package struct BootStatus: Equatable {
    /// What was booted.
    package var bootData: BootData?
    /// When this was seen.
    package var lastUpdated: Timestamp?
}
