import AsyncHTTPClient
import Foundation
import Inventory
import NIOCore
import Query
import Records
import Scheduling
import Schema

/// Where statements are carried out.
enum QueryTarget: Sendable {
    /// By a server.
    case server(ServerClient)
    /// Here, on files.
    case files(QueryService)

    /// Has a statement carried out, and hands on the answer piece by piece.
    ///
    /// - Throws: ``StatementError`` where it is not carried out.
    func answer(_ request: QueryRequest, _ body: ([UInt8]) async throws -> Void) async throws {
        switch self {
        case .server(let client):
            do {
                let answer = try await client.send("POST", "/query", accept: request.format.mediaType, request.json)
                var pieces = answer.makeAsyncIterator()
                while let piece = try await Self.next(&pieces, client) {
                    try await body(Array(piece.readableBytesView))
                }
            } catch let refusal as ServerRefusal {
                throw StatementError(refusal.description, in: request.sql, at: refusal.position)
            }
        case .files(let queries):
            do {
                let answer = try await queries.answer(request, for: Caller()) {}
                while let piece = try await answer.next() { try await body(piece) }
            } catch let failure as QueryFailure {
                let message = [failure.message, failure.detail].compactMap(\.self).joined(separator: "\n")
                throw StatementError(message, in: request.sql, at: failure.position)
            } catch let refusal as Refusal {
                throw StatementError("\(refusal)", in: request.sql, at: nil)
            }
        }
    }

    /// Ends, from time to time, what has nothing to do any more.
    func run() async throws {
        if case .files(let queries) = self { try await queries.run() }
    }

    /// Ends what the target has begun.
    func close() throws {
        if case .files(let queries) = self { try queries.close() }
    }

    private static func next<Pieces: AsyncIteratorProtocol>(
        _ pieces: inout Pieces,
        _ client: ServerClient
    ) async throws -> Pieces.Element? {
        do {
            return try await pieces.next()
        } catch {
            throw client.error(error)
        }
    }

    /// The most that is read of the list of tables, in bytes.
    private static let maximumListSize = 16 << 20

    /// The tables that statements can read, each with its columns.
    func tables() async throws -> [(name: String, columns: [String])] {
        switch self {
        case .files(let queries): return queries.tables.map { ($0.name, $0.columns.map(\.name)) }
        case .server(let client):
            let answer = try await client.send("GET", "/query/tables", accept: "application/json")
            let list = try await answer.collect(upTo: Self.maximumListSize)
            return try JSONValue(parsing: list.readableBytesView).array.compactMap { table in
                guard let name = table["name"]?.string else { return nil }
                return (name, table["columns"]?.array.compactMap { $0["name"]?.string } ?? [])
            }
        }
    }
}

extension QueryRequest {
    /// The body of a request to a server.
    fileprivate var json: JSONValue {
        var members: JSONObject = ["sql": .string(sql), "params": .array(parameters.map(\.json))]
        if let moment { members["at"] = .string(moment.argument) }
        return .object(members)
    }
}

extension QueryParameter {
    fileprivate var json: JSONValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .number(JSONNumber(Int(value)))
        case .double(let value): JSONNumber(literal: "\(value)").map(JSONValue.number) ?? .null
        case .text(let text): .string(text)
        }
    }

    /// Reads a value from the command line: a scalar of JSON, else a text.
    init(argument: String) {
        do {
            self = QueryParameter(try JSONValue(parsing: argument)) ?? .text(argument)
        } catch {
            self = .text(argument)
        }
    }
}

/// A statement is not carried out.
struct StatementError: Error, CustomStringConvertible {
    let description: String

    /// - Parameter position: Where in the statement, in characters from 1.
    init(_ message: String, in sql: String, at position: Int?) {
        let message = message.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).printable }
            .joined(separator: "\n")
        guard let position, position > 0, let place = Self.place(position, in: sql) else {
            description = message
            return
        }
        let label = "LINE \(place.number): "
        description =
            "\(message)\n\(label)\(place.line)\n"
            + String(repeating: " ", count: label.count + place.column) + "^"
    }

    private static func place(_ position: Int, in sql: String) -> (number: Int, line: String, column: Int)? {
        let before = sql.unicodeScalars.prefix(position - 1)
        let number = before.count { $0 == "\n" } + 1
        let lines = sql.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0.last == "\r" ? $0.dropLast() : $0) }
        guard lines.indices.contains(number - 1) else { return nil }
        let start = before.lastIndex(of: "\n").map(before.index(after:)) ?? before.startIndex
        return (number, lines[number - 1].replacing("\t", with: " ").printable, String(before[start...]).count)
    }
}
