import SwiftSyntax

/// A stored property of a struct that `@JSONSchema` is attached to.
struct FieldModel {
    /// The name as it must be written in Swift.
    let name: String
    let key: String
    let documentation: String?
    /// The type as it is declared.
    let type: TypeSyntax
    /// The type that an Optional wraps; nil for other types.
    let wrappedType: TypeSyntax?
    /// The value that the declaration gives the property.
    let initialValue: ExprSyntax?
    let marks: FieldMarks
    /// Where to point when something is wrong with the property.
    let syntax: Syntax

    var isOptional: Bool { wrappedType != nil }

    /// The type of the JSON value.
    var valueType: TypeSyntax { wrappedType ?? type }

    /// Whether the schema requires the property.
    var isRequired: Bool { marks.isRequired || (!isOptional && marks.defaultValue == nil) }

    /// Reads a property; nil where it is not stored in instances or where something is wrong with it.
    init?(_ declaration: VariableDeclSyntax, style: KeyStyle, diagnostics: inout DiagnosticList) {
        guard declaration.isStoredInInstances, let binding = declaration.bindings.first else { return nil }
        guard declaration.bindings.count == 1, let pattern = binding.pattern.as(IdentifierPatternSyntax.self) else {
            diagnostics.add(.severalProperties, at: declaration.bindings)
            return nil
        }
        guard let type = binding.typeAnnotation?.type.trimmed else {
            diagnostics.add(.noTypeAnnotation, at: pattern)
            return nil
        }
        if declaration.bindingSpecifier.tokenKind == .keyword(.let), let initializer = binding.initializer {
            diagnostics.add(.constantWithValue, at: initializer)
            return nil
        }
        self.type = type
        wrappedType = type.wrappedTypeOfOptional
        initialValue = binding.initializer?.value.trimmed
        name = pattern.identifier.text
        documentation = declaration.documentationComment
        marks = FieldMarks(declaration.attributes, isOptional: wrappedType != nil, diagnostics: &diagnostics)
        key = marks.key ?? style.key(for: name.withoutBackticks)
        syntax = Syntax(pattern)
    }
}

extension VariableDeclSyntax {
    /// Whether instances have storage for the variable.
    var isStoredInInstances: Bool {
        let isOfType = modifiers.contains { [.keyword(.static), .keyword(.class)].contains($0.name.tokenKind) }
        return !isOfType && !bindings.contains { $0.accessorBlock?.isComputed == true }
    }
}

extension AccessorBlockSyntax {
    /// Whether there is more than observers.
    fileprivate var isComputed: Bool {
        guard case .accessors(let accessors) = accessors else { return true }
        return accessors.contains {
            ![.keyword(.willSet), .keyword(.didSet)].contains($0.accessorSpecifier.tokenKind)
        }
    }
}

extension TypeSyntax {
    /// `T` of `T?` and of `Optional<T>`.
    fileprivate var wrappedTypeOfOptional: TypeSyntax? {
        if let optional = self.as(OptionalTypeSyntax.self) { return optional.wrappedType.trimmed }
        guard let type = self.as(IdentifierTypeSyntax.self), type.name.text == "Optional" else { return nil }
        return type.genericArgumentClause?.arguments.first?.argument.as(TypeSyntax.self)?.trimmed
    }
}
