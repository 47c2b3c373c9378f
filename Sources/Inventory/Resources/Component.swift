package import Foundation
package import Schema

/// An HMS component: what the State Management Database keeps for each location of the hardware.
@JSONSchema(keys: .pascalCase)
package struct Component: Equatable {
    /// Identifier, given by the server unless the client brings one.
    @Field(.key("UID"))
    package var uid: UUID?
    /// Location of the component, unique among components.
    @Field(.key("ID"), .unique)
    package var id: ComponentXName
    /// What the component is.
    package var type: ComponentType
    /// What it is in more detail.
    package var subtype: String?
    /// What it is used for.
    package var role: ComponentRole?
    /// What it is used for in more detail.
    package var subRole: ComponentSubRole?
    /// Network that it is connected to.
    package var netType: ComponentNetType?
    /// Architecture of its processors.
    package var arch: ComponentArch?
    /// Class of its hardware.
    package var `class`: ComponentClass?
    /// State that it was last seen in.
    package var state: ComponentState?
    /// How well it is.
    package var flag: ComponentFlag?
    /// Whether it may be used.
    package var enabled: Bool?
    /// State of its software, as that reports it.
    package var softwareStatus: String?
    /// Node id.
    @Field(.key("NID"), .indexed)
    package var nid: Int?
    /// Whether it cannot be reserved.
    package var reservationDisabled: Bool?
    /// Whether it is locked against changes.
    package var locked: Bool?
    /// What a site wants to say of the component beside, by keys of its own.
    @Field(.key("labels"))
    package var labels: StringMap?
}

extension Component: Resource {
    package static var identifierKey: String { "UID" }
    package static var commonNameKeys: [String] { ["ID"] }
}
