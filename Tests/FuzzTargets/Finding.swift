/// Something that has to be so and is not.
package struct Finding: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    /// Finds something unless a condition holds.
    static func unless(_ condition: Bool, _ description: @autoclosure () -> String) throws(Finding) {
        guard condition else { throw Finding(description()) }
    }
}
