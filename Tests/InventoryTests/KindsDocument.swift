import Inventory
import Schema

/// What `docs/kinds.md` says: the kinds, as their structures define them.
struct KindsDocument {
    private var text = """
        # Kinds
        What the inventory stores. `make docs` writes this page from the structures in `Sources/Inventory/Resources`; the JSON
        Schemas, the routes, the tables of searches and the columns of snapshots follow from them too.

        A field is *required* of a new resource. *Unique* are values that no other resource of the kind has, under the key
        that is named; a resource is found by them, too. Searches find *indexed* values as fast. A *secret* is never answered.

        """
    /// The structures that are described, in order.
    private var structures: [any JSONStructure.Type] = []

    static var markdown: String {
        var document = KindsDocument()
        for kind in Kind.allCases { document.add(kind) }
        document.text += "\n# Parts of documents\n"
        var next = 0
        while next < document.structures.count {
            let structure = document.structures[next]
            document.text += "\n## \(structure.jsonName)\n\(structure.documentation ?? "")\n"
            document.addFields(of: structure)
            next += 1
        }
        return document.text
    }

    private mutating func add(_ kind: Kind) {
        let type = kind.resourceType
        text += "\n## \(kind.name)\n\(type.documentation ?? "")\n\n"
        let paths = ([kind.name] + type.otherNames).map { "`/\($0)`" }.joined(separator: ", ")
        text += "- Path: \(paths); schema: `/schemas/\(kind.name).json`; number on disk: \(kind.number)\n"
        text += "- Called by \(type.commonNameKeys.map { "`\($0)`" }.joined(separator: ", else "))\n"
        if let embedding = kind.embedding { text += "- `\(embedding.key)` is a copy of a \(embedding.kind.name)\n" }
        for embedder in kind.embedders { text += "- A \(embedder.name) can have a copy of one\n" }
        if let creator = type.creatorKey { text += "- `\(creator)` is set by the server\n" }
        if let membership = type.membership {
            text +=
                "- Searches find it by `\(membership.name)`, too: what a \(membership.kind.name) is called that lists it\n"
        }
        addNames("Other names in searches", type.otherFieldNames)
        addNames("Parameters that ask for absence by `true`", type.absenceNames)
        addFields(of: type)
    }

    private mutating func addNames(_ title: String, _ names: [String: String]) {
        guard !names.isEmpty else { return }
        let list = names.sorted { $0.key < $1.key }.map { "`\($0.key)` (`\($0.value)`)" }
        text += "- \(title): \(list.joined(separator: ", "))\n"
    }

    private mutating func addFields(of structure: any JSONStructure.Type) {
        text += "\n| field | value | what it is |\n|---|---|---|\n"
        for field in structure.fields {
            var value = describe(field.type)
            if field.isPartial { value += ", of which a part will do" }
            if field.isRequired { value += ", required" }
            if field.isIndexed { value += ", indexed" }
            if let key = field.uniqueKey { value += ", unique" + (key == field.name ? "" : " as `\(key)`") }
            if field.isSecret { value += ", secret" }
            text += "| `\(field.name)` | \(value) | \(field.documentation ?? "") |\n"
        }
    }

    private mutating func describe(_ type: any JSONRepresentable.Type) -> String {
        switch type.shape {
        case .string: return "text"
        case .boolean: return "true or false"
        case .integer: return "integer"
        case .number: return "number"
        case .choice(let choices): return choices.map { "`\($0)`" }.joined(separator: ", ")
        case .text(let type): return type.stringSchema.title ?? type.stringSchema.format ?? "text"
        case .freeForm: return "any object"
        case .list(let element): return "list of \(describe(element))"
        case .distinctList(let element): return "list of \(describe(element)), each once"
        case .map(let value): return "object of \(describe(value))"
        case .structure(let type):
            let isKind = Kind(name: type.jsonName) != nil
            if !isKind, !structures.contains(where: { $0 == type }) { structures.append(type) }
            return "[\(type.jsonName)](#\(type.jsonName.lowercased()))"
        }
    }
}
