import Records
package import Schema

extension UInt64 {
    /// Reads a sequence number.
    package init(sequenceNumber text: String) throws(InvalidValue) {
        guard case .sequence(let number) = try Moment(text) else { throw InvalidValue("is not a sequence number") }
        self = number
    }
}
