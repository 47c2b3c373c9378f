import Foundation
import RawHTTP
import Schema
import TestSupport

/// A client of the crash test: writes until the server dies, and knows what must be there afterwards.
struct CrashWriter: Sendable {
    /// What the server has for this writer after a start: documents and ids by xname.
    struct Found: Sendable {
        var documents: [String: String] = [:]
        var ids: [String: String] = [:]
    }

    /// How many writes were acknowledged since the last start.
    private(set) var acknowledged = 0
    /// The write whose answer never came.
    private(set) var inFlight: CrashOperation?
    /// What was not as it must be.
    private(set) var problems: [String] = []
    private var slice: CrashSlice
    private var generator: SeededGenerator
    private let ledger: CrashLedger
    private var newestVersion = 0
    /// What one transaction wrote whose number is not known yet.
    private var unread: [String] = []

    init(cabinet: Int, seed: UInt64, ledger: CrashLedger) {
        slice = CrashSlice(cabinet: cabinet)
        generator = SeededGenerator(seed: seed)
        self.ledger = ledger
    }

    /// Whether a resource of that xname is this writer's.
    func owns(_ xname: String) -> Bool { xname.hasPrefix("\(slice.cabinet)c") }

    /// Writes until the connection breaks or something is wrong.
    mutating func write(port: Int, token: String) {
        acknowledged = 0
        do {
            let connection = try HTTPConnection(port: port)
            while problems.isEmpty {
                let operation = slice.randomOperation(using: &generator)
                let request = operation.request
                inFlight = operation
                let answer = try connection.request(request.method, request.path, token: token, request.body)
                inFlight = nil
                guard answer.status == request.status else {
                    problems.append("\(operation): \(answer.status) \(answer.text)")
                    return
                }
                acknowledged += 1
                try take(operation, answer)
                try readVersion(on: connection)
            }
        } catch is HTTPConnection.BrokenConnection {
            if !ledger.isKilled { problems.append("the server hung up: \(inFlight?.description ?? "nothing asked")") }
        } catch {
            problems.append("\(error)")
        }
    }

    /// Learns what an acknowledged write did, and holds its answer to it.
    private mutating func take(_ operation: CrashOperation, _ answer: HTTPConnection.Answer) throws {
        var ids: [String: String] = [:]
        if case .create = operation {
            let json = try JSONValue(parsing: answer.body)
            for node in operation.isArray ? json.array : [json] {
                for resource in [node, node["bmc"]] {
                    if let xname = resource?["xname"]?.string { ids[xname] = resource?["id"]?.string }
                }
            }
        }
        guard let (written, newIDs) = slice.apply(operation, ids: ids, version: answer.version) else {
            problems.append("an answer lacks an id: \(answer.text)")
            return
        }
        problems += ledger.add(ids: newIDs)
        if answer.text != operation.answer(in: slice) {
            problems.append("answered \(answer.text), not \(operation.answer(in: slice))")
        }
        if let version = answer.version {
            note(version)
        } else {
            unread = written
        }
    }

    private mutating func note(_ version: Int) {
        problems += ledger.add(version: version)
        if version <= newestVersion { problems.append("number \(version) follows \(newestVersion)") }
        newestVersion = version
    }

    /// Asks for the version of what was written by a transaction that did not tell it.
    private mutating func readVersion(on connection: HTTPConnection) throws {
        guard !unread.isEmpty else { return }
        let versions = Set(try unread.map { try version($0, on: connection) })
        if let version = versions.first, versions.count == 1 {
            note(version)
            slice.setVersion(version, of: unread)
        } else {
            problems.append("one transaction has the numbers \(versions)")
        }
        unread = []
    }

    private func version(_ xname: String, on connection: HTTPConnection) throws -> Int {
        try connection.send("GET", "/\(CrashSlice.isNode(xname) ? "ComputeNode" : "BMC")/\(xname)")
        let answer = try connection.answer()
        guard let version = answer.version else { throw ServerError(output: "\(xname): \(answer.text)") }
        return version
    }

    /// Compares what a restarted server has with what was acknowledged, and learns how the write that was in flight
    /// ended.
    mutating func compare(with found: Found, port: Int) throws {
        if found.documents != slice.documents {
            var changed = slice
            if let inFlight, let (written, newIDs) = changed.apply(inFlight, ids: found.ids, version: nil),
                changed.documents == found.documents
            {
                slice = changed
                unread = written
                problems += ledger.add(ids: newIDs)
            } else {
                problems.append(difference(from: found))
            }
        }
        inFlight = nil
        guard problems.isEmpty else { return }
        let connection = try HTTPConnection(port: port)
        try readVersion(on: connection)
        for xname in slice.documents.keys.sorted().shuffled(using: &generator).prefix(5) {
            let version = try version(xname, on: connection)
            if version != slice.version(xname) {
                problems.append("\(xname) has version \(version), not \(slice.version(xname) ?? 0)")
            }
        }
    }

    private func difference(from found: Found) -> String {
        let expected = slice.documents
        let xnames = Set(expected.keys).union(found.documents.keys).filter { expected[$0] != found.documents[$0] }
        let lines = xnames.sorted().prefix(10).map { xname in
            "\(xname): acknowledged \(expected[xname] ?? "nothing"), found \(found.documents[xname] ?? "nothing")"
        }
        let operation = inFlight?.description ?? "nothing"
        return (["\(xnames.count) differ; in flight: \(operation)"] + lines).joined(separator: "\n")
    }
}
