/// An address that cannot be listened to.
package struct ListenError: Error, CustomStringConvertible {
    package let description: String

    init(_ address: ListenAddress, _ reason: String) {
        description = "cannot listen on \(address): \(reason)"
    }
}
