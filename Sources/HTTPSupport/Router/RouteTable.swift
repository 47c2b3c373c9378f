package import HTTPTypes
package import Hummingbird
import NIOCore
import OrderedCollections

/// Routes, by path and method.
///
/// A path that is there answers other methods with 405, and says with that and to OPTIONS which it has. The router compares paths one after the
/// other, so what is asked for most is added first.
package struct RouteTable: Sendable {
    package typealias Handler = @Sendable (Request, RouteContext) async throws -> Response

    /// The path and query by which the server that leads knows a request; nil where any server does it.
    package typealias LeaderTarget = @Sendable (Request, RouteContext) async throws -> String?

    /// Those of the request itself.
    package static let sameTarget: LeaderTarget = { request, _ in request.target }

    private var routes: OrderedDictionary<String, [HTTPRequest.Method: Route]> = [:]

    fileprivate struct Route {
        var access: RouteAccess
        var conditions: RouteConditions
        var parameters: [String]?
        var leaderTarget: LeaderTarget?
        var handler: Handler
    }

    /// Parameters of queries whose values may be in the log; of any other only the name is.
    private var harmlessParameters: Set<String> = []

    /// The field of ``AnswerFieldMiddleware``, where answers have one.
    package var answerField: (@Sendable () -> HTTPField)?

    /// The numbers that requests wait for, where they do.
    package var awaitedNumbers: AwaitedNumbers?

    /// Passes on what only another server may do; nil where this one does everything.
    package var passing: Passing?

    package init() {}

    /// - Parameters:
    ///   - conditions: What becomes of `If-Match` and `If-None-Match` where the method is not GET.
    ///   - leaderTarget: What the server that leads, alone of those that share a log, does; nil for what each does.
    ///   - parameters: Those of the query, which are in ``RouteContext/query``; any other is refused. Nil where the handler says
    ///     which there are.
    package mutating func add(
        _ path: String,
        _ method: HTTPRequest.Method,
        _ access: RouteAccess,
        conditions: RouteConditions = .refused(),
        parameters: [String]? = [],
        atLeader leaderTarget: LeaderTarget? = nil,
        handler: @escaping Handler
    ) {
        var route = Route(
            access: access,
            conditions: conditions,
            parameters: parameters,
            leaderTarget: leaderTarget,
            handler: handler
        )
        if method == .get {
            route.conditions = .honoured
            var head = route
            head.handler = { try await handler($0, $1).withoutBody }
            routes[path, default: [:]][.head] = head
        }
        routes[path, default: [:]][method] = route
    }

    /// Every path and method, with who may use it.
    package var entries: [(path: String, method: HTTPRequest.Method, access: RouteAccess)] {
        routes.flatMap { path, handlers in handlers.map { (path, $0.key, $0.value.access) } }
    }

    /// Has the values of parameters of queries be in the log, for what can be no secret, such as a number or a time.
    package mutating func logValues(of parameters: [String]) {
        harmlessParameters.formUnion(parameters)
    }

    /// Adds the routes of another table, behind those that are there. No method of a path may be in both.
    package mutating func add(_ other: RouteTable) {
        harmlessParameters.formUnion(other.harmlessParameters)
        answerField = answerField ?? other.answerField
        awaitedNumbers = awaitedNumbers ?? other.awaitedNumbers
        passing = passing ?? other.passing
        routes.merge(other.routes) { own, others in
            own.merging(others) { _, _ in preconditionFailure("a method of a path is in two tables") }
        }
    }

    /// The table as a router.
    ///
    /// - Parameters:
    ///   - authenticator: Checks the token of a request, and its roles; whose it is is in the request's context.
    ///   - translate: Says which problems errors of the routes are.
    package func router(
        authenticator: Authenticator,
        traffic: Traffic,
        translate: @escaping ProblemTranslation
    ) -> Router<RouteContext> {
        let router = Router(context: RouteContext.self)
        router.add(middleware: RequestLog(proxies: traffic.proxies, harmlessParameters: harmlessParameters))
        router.add(middleware: PacedAnswers(atOnce: max(1, System.coreCount / 2)))
        if let answerField { router.add(middleware: AnswerFieldMiddleware(field: answerField)) }
        router.add(middleware: ProblemMiddleware(translate: translate))
        for (path, handlers) in routes {
            let allowed = HTTPRequest.Method.served.filter { handlers[$0] != nil || $0 == .options }
                .map(\.rawValue)
                .joined(separator: ", ")
            router.on(RouterPath(path), method: .options) { _, _ in
                Response(status: .noContent, headers: [.allow: allowed])
            }
            for method in HTTPRequest.Method.known where method != .options {
                guard let route = handlers[method] else {
                    router.on(RouterPath(path), method: method) { request, _ -> Response in
                        throw Problem(
                            .methodNotAllowed,
                            "This path does not support \(request.method.rawValue); it supports \(allowed).",
                            headers: [.allow: allowed]
                        )
                    }
                    continue
                }
                router.on(RouterPath(path), method: method) { request, context in
                    var context = context
                    context.traffic = traffic
                    context.authenticator = authenticator
                    let audit = traffic.audit.map { RequestAudit($0, route.access, request) }
                    do {
                        let passed = try passing?.received(request)
                        if let passed {
                            context.identity = passed.identity
                            context.forwarding = passed.forwarding
                            context.isPassedOn = true
                            try authenticator.check(passedOn: passed.identity, for: route.access)
                        } else {
                            context.identity = try await authenticator.identity(
                                of: request,
                                to: context.forwarding?.host,
                                for: route.access,
                                by: context.peerIdentity
                            )
                        }
                        if let permission = authenticator.permission(for: route.access) {
                            try context.check(may: permission)
                        }
                        try route.conditions.check(request)
                        let hasNumbers = try await awaitedNumbers?.arrive(request, context) ?? false
                        // The answer is as of now at least, and not as of when the request came.
                        let field = hasNumbers ? answerField?() : nil
                        if method != .get, method != .head {
                            context.repeatable = try RepeatableRequest(request, target: passed?.target)
                        }
                        if let parameters = route.parameters, request.uri.query != nil {
                            context.query = try request.queryParameters(of: parameters)
                        }
                        try await audit?.begin(context)
                        var response = try await route.answer(request, context, passing)
                        if let field, response.headers[field.name] == nil { response.headers.append(field) }
                        audit?.end(context, response.status, sequence: answerField.flatMap { UInt64($0().value) })
                        return response
                    } catch {
                        throw audit?.fail(context, error, translate) ?? error
                    }
                }
            }
        }
        return router
    }
}

extension RouteTable.Route {
    /// The answer of this server, or of the one that leads where only that one can give it.
    fileprivate func answer(_ request: Request, _ context: RouteContext, _ passing: Passing?) async throws -> Response {
        if let leaderTarget, let passing,
            let target = try await leaderTarget(request, context),
            let response = try await passing.pass(request, context, as: target)
        {
            return response
        }
        return try await handler(request, context)
    }
}

extension Response {
    /// The answer to a HEAD: what GET answers, with the length where that is known, and no body.
    fileprivate var withoutBody: Response {
        Response(status: status, headers: headers, body: ResponseBody { try await $0.finish(nil) })
    }
}
