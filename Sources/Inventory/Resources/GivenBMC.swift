import Foundation
import Schema

/// What a client says of a node's BMC.
struct GivenBMC {
    /// The fields that were given.
    private let fields: Document
    private let secrets: GivenSecrets
    /// The BMC that the node has so far.
    private let current: UUID?
    /// All that the node's BMC is to be, where a patch may take fields out of it.
    private let whole: Document?
    /// Where the node's BMC is.
    private let nodePlace: BMCXName?
    /// Whether the node is where it was.
    private let hasStayed: Bool

    /// - Returns: Nil where nothing is said of a BMC.
    init?(_ acceptance: Acceptance, of node: Document, _ current: Document?) {
        guard let given = acceptance.submission.embedded ?? acceptance.submission.document.embedded else { return nil }
        if case .object(let members)? = acceptance.patch?[ComputeNodeRules.embedding.key] {
            fields = given.part(members)
            whole = given
        } else {
            fields = given
            whole = nil
        }
        secrets = acceptance.submission.embeddedSecrets
        self.current = current?.embeddedIdentifier
        nodePlace = node.place
        hasStayed = nodePlace == current?.place
    }

    /// Whether a patch says only what is otherwise of the BMC that the node has.
    private var isCurrent: Bool {
        whole != nil && current != nil && fields.identifier == nil && fields.keys.isEmpty
    }

    /// Finds or makes the BMC.
    func bmc(in view: inout some InventoryView & ~Copyable) throws(Refusal) -> UUID {
        if isCurrent, let current { return try change(current, to: nil, in: &view) }
        let place = fields.place ?? nodePlace
        try check(in: &view)
        let found = try match(at: place, in: &view)
        if let place, let found { try checkPlaceholder(found, at: place, in: &view) }
        if let place, let there = view.holder(BMC.kind, of: place.key), there != found {
            try displace(there, in: &view)
        }
        guard let found else { return try make(at: place, in: &view) }
        return try change(found, to: place, in: &view)
    }

    /// Refuses a BMC that is said to be elsewhere than its node.
    private func check(in view: inout some InventoryView & ~Copyable) throws(Refusal) {
        guard let place = fields.place, let nodePlace, place != nodePlace else { return }
        // What an earlier version has stored can be sent back.
        if hasStayed, let current, view.current(ComputeNodeRules.bmc(current))?.place == place { return }
        throw view.refusal(
            .invalid,
            "A node and its BMC are in one place.",
            violations: [
                SchemaViolation(
                    pointer: JSONPointer([ComputeNodeRules.embedding.key, "xname"]),
                    message: "must be \(nodePlace), where the node's xname puts its BMC; or leave it out",
                    keyword: "format"
                )
            ]
        )
    }

    /// The stored BMC that is meant: that of the id, else of the MAC address, else the one at the place.
    private func match(
        at place: BMCXName?,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) -> UUID? {
        let address = fields.keys.first { $0.name == "mac" }
        let byAddress = address.flatMap { view.holder(BMC.kind, of: $0) }
        if let id = fields.identifier, let stored = view.current(ComputeNodeRules.bmc(id)) {
            if let byAddress, byAddress != id { throw ambiguity("mac_address", of: byAddress, in: view) }
            if let address, let known = stored.keys.first(where: { $0.name == "mac" }), known != address {
                throw view.refusal(
                    .conflict,
                    "The BMC \(id.lowercased) has the MAC address \(known.value), not \(address.value). To correct it, change it "
                        + "at /BMC/\(id.lowercased); for another BMC in its place, give `bmc` without `id`.",
                    holder: ComputeNodeRules.bmc(id)
                )
            }
            return id
        }
        if let byAddress {
            if fields.identifier != nil { throw ambiguity("mac_address", of: byAddress, in: view) }
            return byAddress
        }
        guard let place, let there = view.holder(BMC.kind, of: place.key),
            let stored = view.current(ComputeNodeRules.bmc(there))
        else { return nil }
        if address != nil, stored.keys.contains(where: { $0.name == "mac" }) { return nil }
        if fields.identifier != nil {
            if address != nil, stored.isPlaceholder { return nil }
            throw ambiguity("xname", of: there, in: view)
        }
        return there
    }

    /// Refuses to move a BMC of which nothing is known but where it is.
    private func checkPlaceholder(
        _ id: UUID,
        at place: BMCXName,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) {
        guard let stored = view.current(ComputeNodeRules.bmc(id)), stored.isPlaceholder, let known = stored.place,
            known != place
        else { return }
        throw view.refusal(
            .conflict,
            "The BMC \(id.lowercased) stands for whatever BMC is at \(known), and cannot be at \(place); give `bmc` without "
                + "`id`.",
            holder: ComputeNodeRules.bmc(id)
        )
    }

    /// Refuses a BMC whose id is not that of the one that has another of its keys.
    private func ambiguity(
        _ key: String,
        of holder: UUID,
        in view: borrowing some InventoryView & ~Copyable
    ) -> Refusal {
        view.refusal(
            .conflict,
            "The \(key) of the node's BMC belongs to the BMC \(holder.lowercased), not to the given id "
                + "\(fields.identifier?.lowercased ?? "").",
            holder: ComputeNodeRules.bmc(holder)
        )
    }

    /// Takes a BMC out of its place, since another one is there now. Where nodes still have it, ``BMCPlaces`` refuses that.
    private func displace(_ id: UUID, in view: inout some InventoryView & ~Copyable) throws(Refusal) {
        let resource = ComputeNodeRules.bmc(id)
        guard var bmc = view.current(resource), !bmc.isPlaceholder else { return }
        bmc.set(Document.bmcXName, to: nil)
        try view.put(bmc, given: GivenSecrets(), as: resource)
    }

    private func make(at place: BMCXName?, in view: inout some InventoryView & ~Copyable) throws(Refusal) -> UUID {
        let missing = ComputeNodeRules.embedding.missingFields(in: fields)
        if !missing.isEmpty {
            var message = "A BMC that is not stored yet needs more fields."
            if let current, fields.keys.contains(where: { $0.name == "mac" }) {
                message +=
                    " To correct the MAC address of the one that the node has, change it at "
                    + "/BMC/\(current.lowercased)."
            }
            throw view.refusal(.invalid, message, violations: missing)
        }
        var new = fields
        if let place, new.place != place { new.set(Document.bmcXName, to: place.description) }
        return try view.putNew(new, secrets: secrets)
    }

    /// Changes a stored BMC.
    ///
    /// - Parameter place: Where it is; nil where that is not said.
    private func change(
        _ id: UUID,
        to place: BMCXName?,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) -> UUID {
        let resource = ComputeNodeRules.bmc(id)
        guard let stored = view.current(resource) else {
            throw view.refusal(.conflict, "The node's BMC, \(id.lowercased), is not there any more.", holder: resource)
        }
        var changed = stored.overwritten(by: fields)
        if let whole, id == current { changed = try replacement(of: stored, whole, in: view) }
        if let place, changed.place != place { changed.set(Document.bmcXName, to: place.description) }
        if changed.has(Document.bmcAddress), !changed.keys.contains(where: { $0.name == "mac" }),
            let known = stored.keys.first(where: { $0.name == "mac" })
        {
            // One that identifies nothing says nothing of the address that is known.
            changed.set(Document.bmcAddress, to: known.value)
        }
        if changed.bytes != stored.bytes || !secrets.isEmpty { try view.put(changed, given: secrets, as: resource) }
        return id
    }

    /// What a BMC becomes when fields that it does not have any more are to go.
    private func replacement(
        of stored: Document,
        _ whole: Document,
        in view: borrowing some InventoryView & ~Copyable
    ) throws(Refusal) -> Document {
        let known = ComputeNodeRules.embedding.missingFields(in: stored).map(\.pointer)
        let missing = ComputeNodeRules.embedding.missingFields(in: whole).filter { !known.contains($0.pointer) }
        guard missing.isEmpty else {
            throw view.refusal(
                .invalid,
                "The BMC cannot do without these fields.",
                violations: missing.map {
                    SchemaViolation(pointer: $0.pointer, message: "is required", keyword: "required")
                }
            )
        }
        var replacement = whole
        replacement.identifier = stored.identifier
        return replacement
    }
}
