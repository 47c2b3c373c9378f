import Schema

// The enumerations of HMS, the hardware management services, as its base library names them.

/// What an HMS component is.
package enum ComponentType: String, JSONEnumeration {
    case cdu = "CDU"
    case cabinetCDU = "CabinetCDU"
    case cabinetPDU = "CabinetPDU"
    case cabinetPDUOutlet = "CabinetPDUOutlet"
    case cabinetPDUPowerConnector = "CabinetPDUPowerConnector"
    case cabinetPDUController = "CabinetPDUController"
    case cabinet = "Cabinet"
    case chassis = "Chassis"
    case chassisBMC = "ChassisBMC"
    case cmmRectifier = "CMMRectifier"
    case cmmFpga = "CMMFpga"
    case cec = "CEC"
    case computeModule = "ComputeModule"
    case routerModule = "RouterModule"
    case nodeBMC = "NodeBMC"
    case nodeEnclosure = "NodeEnclosure"
    case nodeEnclosurePowerSupply = "NodeEnclosurePowerSupply"
    case hsnBoard = "HSNBoard"
    case mgmtSwitch = "MgmtSwitch"
    case mgmtHLSwitch = "MgmtHLSwitch"
    case cduMgmtSwitch = "CDUMgmtSwitch"
    case node = "Node"
    case virtualNode = "VirtualNode"
    case processor = "Processor"
    case drive = "Drive"
    case storageGroup = "StorageGroup"
    case nodeNIC = "NodeNIC"
    case memory = "Memory"
    case nodeAccel = "NodeAccel"
    case nodeAccelRiser = "NodeAccelRiser"
    case nodeFpga = "NodeFpga"
    case hsnAsic = "HSNAsic"
    case routerFpga = "RouterFpga"
    case routerBMC = "RouterBMC"
    case hsnLink = "HSNLink"
    case hsnConnector = "HSNConnector"
    case invalid = "INVALID"

    package static var documentation: String? { "What an HMS component is." }
}

/// What an HMS component is used for.
package enum ComponentRole: String, JSONEnumeration {
    case compute = "Compute"
    case service = "Service"
    case system = "System"
    case application = "Application"
    case storage = "Storage"
    case management = "Management"

    package static var documentation: String? { "What an HMS component is used for." }
}

/// What an HMS component is used for in more detail.
package enum ComponentSubRole: String, JSONEnumeration {
    case master = "Master"
    case worker = "Worker"
    case storage = "Storage"

    package static var documentation: String? { "What an HMS component is used for in more detail." }
}

/// The network that an HMS component is connected to.
package enum ComponentNetType: String, JSONEnumeration {
    case sling = "Sling"
    case infiniband = "Infiniband"
    case ethernet = "Ethernet"
    case oem = "OEM"
    case none = "None"

    package static var documentation: String? { "The network that an HMS component is connected to." }
}

/// The architecture of an HMS component's processors.
package enum ComponentArch: String, JSONEnumeration {
    case x86 = "X86"
    case arm = "ARM"
    case unknown = "UNKNOWN"
    case other = "Other"

    package static var documentation: String? { "The architecture of an HMS component's processors." }
}

/// The class of an HMS component's hardware.
package enum ComponentClass: String, JSONEnumeration {
    case river = "River"
    case mountain = "Mountain"
    case hill = "Hill"
    case other = "Other"

    package static var documentation: String? { "The class of an HMS component's hardware." }
}

/// The state that an HMS component was last seen in.
package enum ComponentState: String, JSONEnumeration {
    case unknown = "Unknown"
    case empty = "Empty"
    case populated = "Populated"
    case off = "Off"
    case on = "On"
    case standby = "Standby"
    case halt = "Halt"
    case ready = "Ready"

    package static var documentation: String? { "The state that an HMS component was last seen in." }
}

/// How well an HMS component is.
package enum ComponentFlag: String, JSONEnumeration {
    case unknown = "Unknown"
    case ok = "OK"
    case warning = "Warning"
    case alert = "Alert"
    case locked = "Locked"

    package static var documentation: String? { "How well an HMS component is." }
}
