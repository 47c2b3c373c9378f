/// A parameter of searches that asks for resources by what lists them: nodes by the collections that they are in.
package struct Membership: Sendable {
    /// The parameter's name.
    package let name: String
    /// The kind of the resources that have lists.
    package let kind: Kind
    /// The field of a list.
    package let list: String
    /// The field by whose value a resource is listed.
    package let member: String
    /// The field by whose value one with a list is asked for; its identifier will do, too.
    package let called: String

    package init(_ name: String, in type: any Resource.Type, list: String, of member: String, called: String) {
        self.name = name
        kind = type.kind
        self.list = list
        self.member = member
        self.called = called
    }
}
