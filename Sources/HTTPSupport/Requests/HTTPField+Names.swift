package import HTTPTypes

extension HTTPField.Name {
    /// RFC 5789.
    package static let acceptPatch = name("Accept-Patch")
    /// RFC 8288.
    package static let link = name("Link")
    /// <https://html.spec.whatwg.org/multipage/server-sent-events.html>
    package static let lastEventID = name("Last-Event-ID")

    /// <https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>
    package static let idempotencyKey = name("Idempotency-Key")

    /// The number of the transaction that an answer is as of.
    package static let inventorySequence = name("Inventory-Sequence")

    /// The number of a transaction that an answer must not be older than.
    package static let inventoryMinSequence = name("Inventory-Min-Sequence")

    /// What a server says of a request that it passes on to the one that leads.
    static let replicaRequest = name("Replica-Request")
    static let replicaSignature = name("Replica-Signature")

    /// What a request is called in logs, of whoever passes it on.
    static let requestID = name("X-Request-ID")

    /// RFC 7239.
    static let forwarded = name("Forwarded")
    /// What proxies say that do not know RFC 7239.
    static let xForwardedFor = name("X-Forwarded-For")
    static let xForwardedProto = name("X-Forwarded-Proto")
    static let xForwardedHost = name("X-Forwarded-Host")
    static let xForwardedPrefix = name("X-Forwarded-Prefix")

    private static func name(_ text: String) -> Self {
        guard let name = Self(text) else { preconditionFailure("a token is the name of a header") }
        return name
    }
}
