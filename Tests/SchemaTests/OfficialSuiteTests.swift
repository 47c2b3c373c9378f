import Foundation
import Schema
import TestSupport
import Testing

/// The test suite of the JSON Schema organisation.
struct OfficialSuiteTests {
    private static let metaschema = "https://json-schema.org/draft/2020-12/schema"
    private static let refusedKeywords = ["$dynamicRef", "$dynamicAnchor", "$vocabulary"]

    @Test("Every required test passes, except of keywords that are refused")
    func everyRequired() throws {
        guard let folder = TestData.folder("json-schema-test-suite") else { return }
        let documents = try remoteDocuments(in: folder.appending(path: "remotes"))
        var passed = 0
        var leftOut: [String: Int] = [:]
        for file in try TestData.jsonFiles(in: folder.appending(path: "draft2020-12")) {
            for group in try JSONValue(parsing: file.bytes).array {
                let tests = try #require(group["tests"]).array
                let title = "\(file.path): \(group["description"]?.text ?? "")"
                let schema = try JSONSchema(json: try #require(group["schema"]))
                do {
                    let validator = try SchemaValidator(schema, formats: .annotation, documents: documents)
                    passed += try tests.count { try run($0, with: validator, title: title) }
                } catch let error as JSONSchemaError {
                    let keyword = try #require(refusedKeyword(of: error), "\(title): \(error)")
                    leftOut[keyword, default: 0] += tests.count
                }
            }
        }
        #expect(passed > 1000)
        print("JSON Schema test suite: \(passed) tests passed; left out:", leftOut.sorted { $0.key < $1.key })
    }

    private func run(_ test: JSONValue, with validator: SchemaValidator, title: String) throws -> Bool {
        let violations = validator.violations(of: try #require(test["data"]))
        let isRight = JSONValue.bool(violations.isEmpty) == test["valid"]
        #expect(isRight, "\(title), \(test["description"]?.text ?? ""): \(violations)")
        return isRight
    }

    /// The keyword for which a schema was refused; references to the metaschema need `$dynamicRef`.
    private func refusedKeyword(of error: JSONSchemaError) -> String? {
        if error.message.contains(Self.metaschema), error.message.hasSuffix("leads nowhere") { return "$dynamicRef" }
        return Self.refusedKeywords.first { error.message.contains($0) }
    }

    private func remoteDocuments(in folder: URL) throws -> [String: JSONSchema] {
        var documents: [String: JSONSchema] = [:]
        for file in try TestData.jsonFiles(in: folder) {
            documents["http://localhost:1234/\(file.path)"] = try JSONSchema(json: JSONValue(parsing: file.bytes))
        }
        return documents
    }
}
