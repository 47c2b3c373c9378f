import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

extension ServerProcess {
    /// Has a statement carried out.
    func query(
        _ sql: String,
        _ parameters: [JSONValue] = [],
        at moment: JSONValue? = nil,
        accept: String = "application/json"
    ) throws -> HTTPConnection.Answer {
        var body: JSONObject = ["sql": .string(sql), "params": .array(parameters)]
        if let moment { body["at"] = moment }
        return try write("POST", "/query", JSONValue.object(body).text, headers: ["Accept": accept])
    }

    /// The numbers of the processes that carry out statements.
    var workers: [Int32] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { process in
                let folder = "/proc/\(process)"
                // A process that has ended since has no files any more.
                guard let status = try? String(contentsOfFile: "\(folder)/status", encoding: .utf8),
                    let command = try? String(contentsOfFile: "\(folder)/cmdline", encoding: .utf8)
                else { return false }
                return status.contains("\nPPid:\t\(identifier)\n") && command.contains("query-worker")
            }
        }
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// How long the workers have computed, in ticks of the system (proc(5): utime).
    var computedTicks: Int {
        get throws {
            try workers.reduce(0) { sum, process in
                // A process that has ended since has no files any more.
                let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
                // Behind the name, which stands in parentheses, utime is the twelfth.
                let fields = stat?.split(separator: ") ").last?.split(separator: " ") ?? []
                return sum + (fields.count > 11 ? Int(fields[11]) ?? 0 : 0)
            }
        }
    }

    /// The rows of the answer to a statement.
    func rows(
        _ sql: String,
        _ parameters: [JSONValue] = [],
        at moment: JSONValue? = nil
    ) throws -> [JSONValue] {
        let answer = try query(sql, parameters, at: moment)
        #expect(answer.status == 200, "\(sql): \(answer.text)")
        let json = try JSONValue(parsing: answer.body)
        #expect(answer.headers["inventory-sequence"] == json["sequence"]?.text)
        return json["rows"]?.array ?? []
    }
}
