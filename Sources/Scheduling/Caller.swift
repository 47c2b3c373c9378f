/// Who asks for something: what limits and turns go by.
package struct Caller: Sendable, Equatable {
    /// Subject of the token; nil without one.
    package var subject: String?
    /// The address on the network, or of IPv6 the first half, since a single machine may have all of the other.
    package var address: String
    /// The request, where it changes something.
    package var origin: Origin?

    package init(subject: String? = nil, address: String = "") {
        self.subject = subject
        self.address = address
    }

    /// Whose turn it is: that of whoever uses a token, wherever from, or else of the machine.
    package var owner: Owner { subject.map(Owner.subject) ?? .address(address) }

    package enum Owner: Hashable {
        case subject(String)
        case address(String)
    }
}
