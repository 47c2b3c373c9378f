import Foundation
import Inventory
package import Records
import Schema

/// The requests with a key that were done lately, as a file of a snapshot: a line of JSON each, in the order of their
/// transactions. `docs/formats/snapshot.md` describes it.
extension Snapshot {
    package static let requestsFileName = "requests.ndjson"

    /// The lines of the file.
    package static func lines(of requests: [DoneRequest]) -> [UInt8] {
        var bytes: [UInt8] = []
        for request in requests {
            bytes += #"{"scope":"\#(request.scope)","hash":"\#(request.request)","seq":\#(request.sequence),"#.utf8
            bytes += "\"at\":\"\(request.time.millisecondText)\"}\n".utf8
        }
        return bytes
    }

    /// The requests that the snapshot has.
    package func requests() throws -> [DoneRequest] {
        guard manifest.files[Self.requestsFileName] != nil else { return [] }
        let text = try Data(contentsOf: folder.appending(path: Self.requestsFileName))
        return try text.split(separator: UInt8(ascii: "\n")).map { line in
            guard case .object(let members) = try JSONValue(parsing: line),
                case .string(let scope)? = members["scope"], case .string(let hash)? = members["hash"],
                case .number(let sequence)? = members["seq"], case .string(let time)? = members["at"],
                let scope = Hash128(scope), let hash = Hash128(hash), let sequence = sequence.int,
                let sequence = UInt64(exactly: sequence)
            else { throw SnapshotError.damaged("\(Self.requestsFileName) has a line that cannot be read") }
            return DoneRequest(scope: scope, request: hash, sequence: sequence, time: try Timestamp(time))
        }
    }
}
