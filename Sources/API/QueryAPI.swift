package import HTTPSupport
import HTTPTypes
import Hummingbird
import InventoryHTTP
import Logging
import NIOCore
package import Query
import Records
import Scheduling
import Schema
import Tokens

/// The HTTP interface for SQL: `/query` carries out a statement, `/query/tables` says what there is to read.
package struct QueryAPI: Sendable {
    private let queries: QueryService
    private let wait: @Sendable (UInt64) async throws -> Void

    /// - Parameter wait: Returns when the server has reached a number, or when it is not to be waited for any longer.
    package init(_ queries: QueryService, wait: @escaping @Sendable (UInt64) async throws -> Void) {
        self.queries = queries
        self.wait = wait
    }

    /// The largest body, in bytes.
    private static let maximumStatementSize = 1 << 20

    package var routes: RouteTable {
        var routes = RouteTable()
        routes.add("/query", .post, .whoMay(.read)) { request, context in
            let format = try Self.format(request)
            let wanted = try await request.withBody(context, atMost: Self.maximumStatementSize) { body in
                try QueryRequest(json: JSONValue(parsing: body.readableBytesView), format)
            } then: {
                $0
            }
            return try await answer(wanted, context)
        }
        routes.add("/query/tables", .get, .whoMay(.read)) { _, _ in
            .json(JSONValue.array(queries.tables.map(\.json)).bytes)
        }
        return routes
    }

    /// The format that a client accepts and that is named first among the best.
    private static func format(_ request: Request) throws(Problem) -> QueryFormat {
        guard let accepted = request.headers[.accept] else { return .json }
        guard let format = Preferences(accepted).best(of: QueryFormat.allCases, \.mediaTypes) else {
            let types = QueryFormat.allCases.map(\.mediaType).joined(separator: ", ")
            throw Problem(.notAcceptable, "Accept asks for \(accepted), but an answer can only be \(types).")
        }
        return format
    }

    private func answer(_ wanted: QueryRequest, _ context: RouteContext) async throws -> Response {
        let caller = context.caller
        let answer: QueryAnswer
        do {
            answer = try await context.whileClientWaits {
                if case .sequence(let number)? = wanted.moment { try await wait(number) }
                return try await queries.answer(wanted, for: caller) { try context.check(may: .administer) }
            }
        } catch let failure as QueryFailure {
            if !failure.reason.leavesProcessUsable {
                context.logger.error("a query failed", metadata: ["reason": "\(failure.detail ?? failure.message)"])
            }
            throw Problem(failure)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: answer.format.contentType, .inventorySequence: "\(answer.sequence)",
                .cacheControl: "no-store",
            ],
            body: answer.whole.map { ResponseBody(byteBuffer: ByteBuffer(bytes: $0)) } ?? Self.body(answer, context)
        )
    }

    /// The body of an answer of several pieces.
    private static func body(_ answer: QueryAnswer, _ context: RouteContext) -> ResponseBody {
        ResponseBody { writer in
            do {
                while let piece = try await context.whileClientWaits({ try await answer.next() }) {
                    try await writer.write(ByteBuffer(bytes: piece))
                }
            } catch let failure as QueryFailure {
                // The client finds the answer cut off; where it reads lines, the last one says why.
                if answer.format == .ndjson {
                    try await writer.write(
                        ByteBuffer(bytes: JSONValue.object(["error": .string(failure.message)]).bytes + [0x0A])
                    )
                }
                throw failure
            }
            try await writer.finish(nil)
        }
    }
}

extension QueryFormat {
    /// What a client may call it.
    fileprivate var mediaTypes: [String] {
        self == .ndjson ? LineRoutes.mediaTypes : [mediaType]
    }

    fileprivate var contentType: String {
        self == .csv ? "\(mediaType); charset=utf-8; header=present" : mediaType
    }
}

extension QueryRequest {
    /// Reads a request such as `{"sql": "FROM bmcs WHERE xname = ?", "params": ["x1000c0s0b0"], "at": 42}`.
    fileprivate init(json: JSONValue, _ format: QueryFormat) throws(Problem) {
        guard case .object(let members) = json, case .string(let sql)? = members["sql"] else {
            throw Problem(.badRequest, #"The body must be an object such as {"sql":"SELECT count(*) FROM bmcs"}."#)
        }
        if let unknown = members.first(where: { !["sql", "params", "at"].contains($0.key) }) {
            throw Problem(.badRequest, "There is no member \(unknown.key); the members are sql, params and at.")
        }
        var parameters: [QueryParameter] = []
        switch members["params"] {
        case nil, .null: break
        case .array(let values): parameters = try values.map(Self.parameter)
        default: throw Problem(.badRequest, "The params must be an array, with a value for each ? of the statement.")
        }
        self.init(sql: sql, parameters: parameters, moment: try Self.moment(members["at"]), format: format)
    }

    private static func parameter(_ value: JSONValue) throws(Problem) -> QueryParameter {
        guard let parameter = QueryParameter(value) else {
            throw Problem(.badRequest, "A value of params must be a text, a number, true, false or null.")
        }
        return parameter
    }

    private static func moment(_ value: JSONValue?) throws(Problem) -> Moment? {
        let text: String
        switch value {
        case nil, .null: return nil
        case .string(let value): text = value
        case .number(let number): text = number.literal
        default: throw Problem(.badRequest, "The value of at must be a time, a sequence number or a snapshot's id.")
        }
        do {
            return try Moment(text)
        } catch {
            throw Problem(.badRequest, "The value of at, \(text.debugDescription), \(error.message).")
        }
    }
}

extension QueryTable {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "description": .string(description),
            "columns": .array(
                columns.map { column in
                    var members: JSONObject = ["name": .string(column.name), "type": .string(column.type)]
                    if let description = column.description { members["description"] = .string(description) }
                    return .object(members)
                }
            ),
        ]
    }
}

extension Problem {
    /// The answer to a statement that is not carried out.
    init(_ failure: QueryFailure) {
        switch failure.reason {
        case .refused, .failed, .tooLarge, .outOfMemory: self.init(.badRequest, failure.message)
        case .broken: self.init(.internalServerError, failure.message)
        case .timedOut: self.init(.gatewayTimeout, failure.message)
        case .sourceAway: self.init(.serviceUnavailable, failure.message, headers: Self.retrySoon)
        case .unready:
            self.init(
                .serviceUnavailable,
                "The tables cannot be read now; the server's log says why.",
                headers: Self.retrySoon
            )
        }
        position = failure.position
    }
}
