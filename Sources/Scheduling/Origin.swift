/// Where a request has come from.
package struct Origin: Sendable, Equatable {
    /// The address on the network, as the server or a trusted proxy knows it.
    package var address: String
    /// What the request is called.
    package var request: String

    package init(address: String, request: String) {
        self.address = address
        self.request = request
    }
}
