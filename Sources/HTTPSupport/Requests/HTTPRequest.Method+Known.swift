import HTTPTypes

extension HTTPRequest.Method {
    /// Those that paths may have.
    static let served: [Self] = [.get, .head, .post, .put, .patch, .delete, .options]

    /// Those that a path answers, with 405 where it does not have them.
    static let known = served + [.trace, .connect]
}
