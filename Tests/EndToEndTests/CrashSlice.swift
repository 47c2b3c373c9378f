import TestSupport

/// The part of the inventory that one writer of the crash test has to itself: what is acknowledged to be stored there.
///
/// Documents are worked out here, all but the ids, so that they can be compared byte for byte.
struct CrashSlice: Sendable {
    /// A resource: what the writer gave, and what the server gave it.
    struct Stored: Sendable {
        var id: String
        /// What the writer named it; nil for a BMC that the server made for a node.
        var name: String?
        var description = ""
        /// Nil while no answer has told it.
        var version: Int?
    }

    private static let slotCount = 50
    private static let nodesPerSlot = 2

    /// The cabinet that all of it is in.
    let cabinet: String
    /// Nodes and BMCs by xname.
    private(set) var nodes: [String: Stored] = [:]
    private(set) var bmcs: [String: Stored] = [:]
    /// Keeps each name from being given twice.
    private var nextName = 0

    init(cabinet number: Int) {
        cabinet = "x\(number)"
    }

    /// The xname of a node's BMC.
    static func bmc(of node: String) -> String { String(node.prefix { $0 != "n" }) }

    static func isNode(_ xname: String) -> Bool { xname.contains("n") }

    /// Each document by its resource's xname.
    var documents: [String: String] {
        var documents: [String: String] = [:]
        for xname in bmcs.keys { documents[xname] = document(xname) }
        for xname in nodes.keys { documents[xname] = document(xname) }
        return documents
    }

    /// The document of a node or BMC, as it is served; empty where there is none.
    func document(_ xname: String) -> String {
        if let node = nodes[xname], let name = node.name {
            return CrashOperation.Content(name: name, description: node.description)
                .node(xname, id: node.id, bmc: document(Self.bmc(of: xname)))
        }
        guard let bmc = bmcs[xname] else { return "" }
        guard let name = bmc.name else { return #"{"id":"\#(bmc.id)","xname":"\#(xname)"}"# }
        return CrashOperation.Content(name: name, description: bmc.description).bmc(xname, id: bmc.id, password: "")
    }

    /// The version of a node or BMC, where it is known.
    func version(_ xname: String) -> Int? {
        (nodes[xname] ?? bmcs[xname])?.version
    }

    /// Notes the version of nodes and BMCs.
    mutating func setVersion(_ version: Int?, of xnames: [String]) {
        for xname in xnames {
            if Self.isNode(xname) { nodes[xname]?.version = version } else { bmcs[xname]?.version = version }
        }
    }

    /// Takes an operation as done.
    ///
    /// - Parameters:
    ///   - ids: Ids by xname, those of new resources among them.
    ///   - version: The number of the transaction, where it is known.
    /// - Returns: The xnames of what was written and the ids that are new; nil where an id is missing, so that the
    ///   operation is not done.
    mutating func apply(
        _ operation: CrashOperation,
        ids: [String: String],
        version: Int?
    ) -> (written: [String], newIDs: [String])? {
        var written: [String] = []
        var newIDs: [String] = []
        switch operation {
        case .create(let contents):
            for (xname, content) in contents {
                let bmc = Self.bmc(of: xname)
                guard let id = ids[xname], let bmcID = ids[bmc] else { return nil }
                if bmcs[bmc] == nil {
                    bmcs[bmc] = Stored(id: bmcID)
                    written.append(bmc)
                    newIDs.append(bmcID)
                }
                nodes[xname] = Stored(id: id, name: content.name, description: content.description)
                written.append(xname)
                newIDs.append(id)
            }
        case .replace(let xname, let content):
            nodes[xname]?.name = content.name
            nodes[xname]?.description = content.description
            written = [xname]
        case .delete(let xname):
            nodes[xname] = nil
        case .replaceBMC(let xname, let content):
            bmcs[xname]?.name = content.name
            bmcs[xname]?.description = content.description
            written = [xname] + nodes.keys.filter { Self.bmc(of: $0) == xname }
        }
        setVersion(version, of: written)
        return (written, newIDs)
    }

    /// An operation that can be done now and changes something.
    mutating func randomOperation(using generator: inout SeededGenerator) -> CrashOperation {
        // Sorted, since dictionaries and sets have another order in each run.
        let present = nodes.keys.sorted()
        switch Int.random(in: 0..<24, using: &generator) {
        case 0..<3: return create(1, using: &generator) ?? deletion(of: present, using: &generator)
        case 3:
            let count = Int.random(in: 2...20, using: &generator)
            return create(count, using: &generator) ?? deletion(of: present, using: &generator)
        case 4..<8:
            guard let xname = present.randomElement(using: &generator) else { break }
            return .replace(xname, content(using: &generator))
        case 8..<12:
            guard let xname = bmcs.keys.sorted().randomElement(using: &generator) else { break }
            return .replaceBMC(xname, content(using: &generator))
        default:
            if !present.isEmpty { return deletion(of: present, using: &generator) }
        }
        return create(1, using: &generator) ?? deletion(of: present, using: &generator)
    }

    /// Creates up to so many nodes; nil where there is room for none, or for only one of several.
    private mutating func create(_ count: Int, using generator: inout SeededGenerator) -> CrashOperation? {
        let all = (0..<Self.slotCount).flatMap { slot in
            (0..<Self.nodesPerSlot).map { "\(cabinet)c0s\(slot)b0n\($0)" }
        }
        let absent = all.filter { nodes[$0] == nil }.shuffled(using: &generator).prefix(count)
        guard absent.count >= min(count, 2) else { return nil }
        return .create(absent.map { ($0, content(using: &generator)) })
    }

    private func deletion(of present: [String], using generator: inout SeededGenerator) -> CrashOperation {
        guard let xname = present.randomElement(using: &generator) else {
            preconditionFailure("where nothing can be created something is there")
        }
        return .delete(xname)
    }

    private mutating func content(using generator: inout SeededGenerator) -> CrashOperation.Content {
        nextName += 1
        let isLong = Int.random(in: 0..<20, using: &generator) == 0
        let length = Int.random(in: 0..<(isLong ? 10_000 : 200), using: &generator)
        return .init(name: "\(cabinet)-\(nextName)", description: #"ü\""# + String(repeating: "d", count: length))
    }
}
