import Foundation
package import Inventory
package import Schema

/// Where documents from clients come in: held to their schema, rid of their secrets, and read.
package struct Intake: Sendable {
    private let directory: Directory
    private let sealer: SecretSealer
    private let validators: [Kind: SchemaValidator]

    package init(directory: Directory, sealer: SecretSealer) throws(JSONSchemaError) {
        self.directory = directory
        self.sealer = sealer
        var validators: [Kind: SchemaValidator] = [:]
        for kind in Kind.allCases {
            validators[kind] = try SchemaValidator(kind.schema)
        }
        self.validators = validators
    }

    /// Reads a document.
    ///
    /// - Parameters:
    ///   - operation: Which one of the transaction it is, for the problem.
    ///   - stored: What it replaces. A required field that is missing there may be missing in the document too, so that
    ///     what was answered can be sent back.
    /// - Throws: A problem with every violation of the document.
    package func submission(
        of document: JSONValue,
        _ kind: Kind,
        operation: Int = 0,
        replacing stored: @autoclosure () -> JSONValue? = nil
    ) throws(Refusal) -> Submission {
        var document = document
        guard let validator = validators[kind] else { preconditionFailure("every kind has a validator") }
        var violations = validator.violations(of: document)
        if violations.contains(where: { $0.keyword == "required" }), let stored = stored() {
            violations.removeAll { violation in
                violation.keyword == "required" && violation.pointer.tokens.count == 1
                    && stored[violation.pointer] == nil
            }
        }
        if !violations.isEmpty {
            throw Self.refusal(kind, operation, violations + missingBMCFields(of: document, kind))
        }
        do {
            let secrets = try sealer.seal(&document, at: kind.secretPointers)
            return Submission(resource: try kind.resourceType.init(json: document), secrets: secrets)
        } catch let error as JSONDecodingError {
            let violation = SchemaViolation(pointer: error.pointer, message: error.message, keyword: "format")
            throw Self.refusal(kind, operation, [violation])
        } catch {
            throw Refusal(.unavailable, "The document's secrets cannot be sealed: \(error)")
        }
    }

    /// Reads the elements of an array, each as an operation that creates a resource or says what is wrong with it.
    package func creations(of documents: [JSONValue], _ kind: Kind) -> [Transaction.Operation] {
        documents.map { document in
            do throws(Refusal) {
                return .create(try submission(of: document, kind))
            } catch {
                return Transaction.Operation(.refuse(error))
            }
        }
    }

    /// What the BMC of a malformed node lacks, if it is a new one: a rule of the store, told with the schema's.
    private func missingBMCFields(of document: JSONValue, _ kind: Kind) -> [SchemaViolation] {
        guard kind == .computeNode, case .object(let node) = document, case .object(let bmc)? = node["bmc"] else {
            return []
        }
        let isStored = ["id", "xname", "mac_address"].contains { key in
            guard case .string(let text)? = bmc[key] else { return false }
            return directory.resource(.bmc, reference: Kind.bmc.reference(text)) != nil
        }
        return isStored ? [] : BMC.missingFields(in: bmc)
    }

    private static func refusal(_ kind: Kind, _ operation: Int, _ violations: [SchemaViolation]) -> Refusal {
        let count = violations.count == 1 ? "1 mistake" : "\(violations.count) mistakes"
        return Refusal([
            Refusal.Problem(
                operation: operation,
                reason: .invalid,
                message: "The \(kind.rawValue) has \(count).",
                violations: violations
            )
        ])
    }
}
