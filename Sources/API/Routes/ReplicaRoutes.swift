import HTTPSupport
import Hummingbird
import Replication
import Schema
import Tokens

/// The servers that share a log: `/replicas`.
struct ReplicaRoutes {
    let replica: ReplicaStatus

    func add(to routes: inout RouteTable) {
        routes.add("/replicas", .get, .whoMay(.read)) { _, _ in
            var answer: JSONObject = ["replicas": .array(replica.replicas.map(\.json))]
            if let fault = replica.fault { answer["problem"] = .string(fault) }
            return .json(JSONValue.object(answer).bytes)
        }
    }
}

extension Replica {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "url": .string(url), "leads": .bool(leads),
            "sequence": .number(JSONNumber(Int(sequence))), "behind": .number(JSONNumber(Int(behind))),
            "oldest": .number(JSONNumber(Int(oldest))), "since": .string(since), "age": .number(JSONNumber(age)),
        ]
    }
}
