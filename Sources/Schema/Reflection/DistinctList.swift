/// A list that has each element once; one that comes again is left out.
package struct DistinctList<Element: JSONRepresentable & Hashable>: JSONRepresentable, Hashable {
    /// In the order in which each came first.
    package let elements: [Element]

    package static var shape: JSONShape { .distinctList(Element.self) }

    package static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        [Element].jsonSchema(in: &definitions)
    }

    package init(json: JSONValue) throws(JSONDecodingError) {
        var seen: Set<Element> = []
        elements = try [Element](json: json).filter { seen.insert($0).inserted }
    }

    package func write(to writer: inout JSONWriter) { elements.write(to: &writer) }
}
