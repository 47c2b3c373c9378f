package import HTTPTypes
import Hummingbird

/// Numbers that clients bring from answers of other servers, which this server may not have reached yet.
package struct AwaitedNumbers: Sendable {
    /// The field whose number must be reached, or the request is refused.
    private let field: HTTPField.Name
    /// Fields and parameters of queries whose routes say themselves what they make of a number that is not reached.
    private let fields: [HTTPField.Name]
    private let parameters: [String]
    private let current: @Sendable () -> UInt64
    private let mayCome: @Sendable (UInt64) -> Bool
    private let wait: @Sendable (UInt64) async throws -> Void

    /// - Parameters:
    ///   - current: The number that the server has reached.
    ///   - mayCome: Whether it may reach another one by itself.
    ///   - wait: Returns when it has reached another one, or when it is not to be waited for any longer.
    package init(
        _ field: HTTPField.Name,
        alsoIn fields: [HTTPField.Name],
        _ parameters: [String],
        current: @escaping @Sendable () -> UInt64,
        mayCome: @escaping @Sendable (UInt64) -> Bool,
        wait: @escaping @Sendable (UInt64) async throws -> Void
    ) {
        self.field = field
        self.fields = fields
        self.parameters = parameters
        self.current = current
        self.mayCome = mayCome
        self.wait = wait
    }

    /// Waits until the server has what a request brings the numbers of.
    ///
    /// - Returns: Whether the request brings any.
    /// - Throws: ``Problem`` 400 for what is no number, 503 where it is not reached in time.
    func arrive(_ request: Request, _ context: RouteContext) async throws -> Bool {
        let required = try request.headers[field].map { text throws(Problem) in
            guard let number = Self.number(text) else {
                throw Problem(.badRequest, "The field \(field) must be a sequence number.")
            }
            return number
        }
        var numbers = fields.compactMap { request.headers[$0].flatMap(Self.number) }
        if let query = request.uri.query, mayHaveNumbers(query) {
            numbers += try request.queryParameters().filter { parameters.contains($0.name) }.compactMap {
                Self.number($0.value)
            }
        }
        guard let highest = (numbers + [required].compactMap(\.self)).max() else { return false }
        if highest > current(), mayCome(highest) {
            try await context.whileClientWaits { [wait] in try await wait(highest) }
        }
        guard let required, required > current() else { return true }
        throw Problem(
            .serviceUnavailable,
            "This server is at \(current()) and has not reached \(required) in time; send it again, or ask another server.",
            headers: Problem.retrySoon
        )
    }

    /// Whether a query may have one of the parameters; most have none, and need not be read for it.
    private func mayHaveNumbers(_ query: String) -> Bool {
        query.utf8.split(separator: UInt8(ascii: "&")).contains { pair in
            parameters.contains { pair.starts(with: $0.utf8) }
        }
    }

    /// A number, or the one before the point in a position such as `1043.2`; nil for anything else, such as a time.
    private static func number(_ text: String) -> UInt64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else { return nil }
        return UInt64(parts[0])
    }
}
