package import HTTPSupport
package import Records

extension RouteContext {
    /// What the client calls the request, once its body has been read; nil where it is done as often as it comes.
    package var idempotencyKey: IdempotencyKey? {
        repeatable.map { IdempotencyKey($0.key, of: Hash128($0.digest)) }
    }
}
