package import Foundation
package import Inventory
import Schema

/// Something that a request has done, is about to do, or was not allowed to do.
package struct AuditEvent: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Creates, changes or deletes resources, or takes a snapshot.
        case write
        /// Goes back, deletes a snapshot, or changes the key of credentials.
        case administration
        /// Reads what a BMC is logged in to with.
        case credentials
        /// Has no good token, or one without a role for it.
        case refusal
    }

    package var time: Timestamp
    package var kind: Kind
    /// The subject of the caller; nil where nobody is known.
    package var who: String?
    package var roles: [String]
    /// The address on the network that the request came from.
    package var address: String
    package var method: String
    /// The path, without the query.
    package var path: String
    /// What was answered; nil for what is about to be done.
    package var status: Int?
    /// The last transaction when it was answered; its own is that, or one before.
    package var sequence: UInt64?
    /// What the request is called.
    package var request: String

    package init(
        time: Date,
        kind: Kind,
        who: String?,
        roles: [String],
        address: String,
        method: String,
        path: String,
        status: Int?,
        sequence: UInt64?,
        request: String
    ) {
        self.time = Timestamp(millisecondOf: time)
        self.kind = kind
        self.who = who
        self.roles = roles
        self.address = address
        self.method = method
        self.path = path
        self.status = status
        self.sequence = sequence
        self.request = request
    }

    // MARK: JSON

    /// The members of a line.
    var json: JSONObject {
        var members: JSONObject = ["at": .string(time.millisecondText), "event": .string(kind.rawValue)]
        members["who"] = who.map(JSONValue.string)
        if !roles.isEmpty { members["roles"] = .array(roles.map(JSONValue.string)) }
        members["from"] = .string(address)
        members["method"] = .string(method)
        members["path"] = .string(path)
        members["status"] = status.map { .number(JSONNumber($0)) }
        members["sequence"] = sequence.map { .number(JSONNumber(Int($0))) }
        members["request"] = .string(request)
        return members
    }

    /// Reads what ``json`` is; nil for anything else.
    init?(_ members: JSONObject) {
        guard let time = members["at"]?.string.flatMap(Timestamp.init(nearest:)),
            let kind = members["event"]?.string.flatMap(Kind.init), let address = members["from"]?.string,
            let method = members["method"]?.string, let path = members["path"]?.string,
            let request = members["request"]?.string
        else { return nil }
        self.time = time
        self.kind = kind
        who = members["who"]?.string
        roles = members["roles"]?.array.compactMap(\.string) ?? []
        self.address = address
        self.method = method
        self.path = path
        status = members["status"]?.int
        sequence = members["sequence"]?.int.flatMap(UInt64.init(exactly:))
        self.request = request
    }
}
