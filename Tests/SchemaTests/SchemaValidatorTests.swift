import Schema
import TestSupport
import Testing

struct SchemaValidatorTests {
    /// The violations as `pointer: message`.
    private func violations(
        _ schema: String,
        _ value: String,
        limit: Int = 100,
        documents: [String: JSONSchema] = [:]
    ) throws -> [String] {
        let schema = try JSONSchema(json: JSONValue(parsing: schema))
        let validator = try SchemaValidator(schema, documents: documents)
        return validator.violations(of: try JSONValue(parsing: value), limit: limit).map(\.description)
    }

    @Test(
        "A violation says what is wrong and where",
        arguments: [
            (#"{"type":"string"}"#, "1", ": must be a string, not a number"),
            (#"{"type":["integer","null"]}"#, "1.5", ": must be null or an integer, not a number"),
            (#"{"enum":["a",1,null]}"#, #""b""#, #": must be one of "a", 1, null: "b""#),
            (#"{"const":"a"}"#, "{}", #": must be "a""#),
            (#"{"minLength":2}"#, #""😀""#, #": must have at least 2 characters: "😀""#),
            (#"{"maxLength":1}"#, #""ab""#, #": must have at most 1 characters: "ab""#),
            (#"{"pattern":"^x\\d+$"}"#, #""foo""#, #": must match ^x\d+$: "foo""#),
            (#"{"format":"ipv4"}"#, #""10.0.0""#, #": must be an IPv4 address such as 10.1.2.3: "10.0.0""#),
            (#"{"minimum":1}"#, "0.5", ": must be at least 1: 0.5"),
            (#"{"maximum":1}"#, "1e400", ": must be at most 1: 1e400"),
            (#"{"exclusiveMinimum":1}"#, "1.0", ": must be above 1: 1.0"),
            (#"{"exclusiveMaximum":1}"#, "1", ": must be below 1: 1"),
            (#"{"multipleOf":0.01}"#, "1.005", ": must be a multiple of 0.01: 1.005"),
            (#"{"minItems":2}"#, "[1]", ": must have at least 2 elements, not 1"),
            (#"{"maxItems":0}"#, "[1]", ": must have at most 0 elements, not 1"),
            (#"{"uniqueItems":true}"#, "[1,2,1.0]", "/2: is equal to the element at 0"),
            (#"{"items":{"type":"null"}}"#, "[null,1]", "/1: must be null, not a number"),
            (#"{"contains":{"const":1}}"#, "[2]", ": must contain at least 1 elements of a given form, not 0"),
            (#"{"required":["a/b"]}"#, "{}", "/a~1b: is required"),
            (#"{"minProperties":1}"#, "{}", ": must have at least 1 members, not 0"),
            (#"{"properties":{"a":false}}"#, #"{"a":1}"#, "/a: is not allowed"),
            (#"{"propertyNames":{"maxLength":1}}"#, #"{"ab":1}"#, "/ab: has a name that is not allowed"),
            (#"{"dependentRequired":{"a":["b"]}}"#, #"{"a":1}"#, #"/b: is required where there is "a""#),
            (#"{"anyOf":[{"type":"null"},false]}"#, "1", ": must have one of the 2 forms that are allowed"),
            (#"{"oneOf":[true,true]}"#, "1", ": must have exactly one of the 2 forms that are allowed, not 2"),
            (#"{"unevaluatedItems":false,"prefixItems":[true]}"#, "[1,2]", "/1: is not allowed"),
            (
                #"{"unevaluatedProperties":false,"anyOf":[{"properties":{"a":true}}]}"#, #"{"a":1,"b":2}"#,
                #"/b: unknown field "b""#
            ),
            (#"{"not":{}}"#, "1", ": has a form that is not allowed"),
        ] as [(String, String, String)]
    )
    func violationSays(schema: String, value: String, violation: String) throws {
        #expect(try violations(schema, value) == [violation])
    }

    @Test("All violations of a document are reported, in its order")
    func allViolations() throws {
        let schema = #"""
            {"properties":{"hostname":{"type":"string"},"mac":{"format":"mac-address"},"nics":{"items":{"required":["name"]}}},
             "required":["hostname","arch"],"additionalProperties":false}
            """#
        let value = #"{"hostnme":"a","mac":"x","nics":[{"name":1},{}],"hostname":2}"#
        let expected = [
            #"/hostnme: unknown field "hostnme" (did you mean "hostname"?)"#,
            #"/mac: must be a MAC address such as 02:00:00:00:00:01: "x""#,
            "/nics/1/name: is required",
            "/hostname: must be a string, not a number",
            "/arch: is required",
        ]
        #expect(try violations(schema, value) == expected)
        #expect(try violations(schema, value, limit: 2) == Array(expected.prefix(2)))
    }

    @Test(
        "An unknown field brings a suggestion when one is near",
        arguments: [
            ("hostnme", "hostname"), ("Hostname", "hostname"), ("hsotname", "hostname"), ("arhc", "arch"), ("zzz", nil),
            ("a", nil), (String(repeating: "x", count: 100), nil),
        ] as [(String, String?)]
    )
    func unknownField(name: String, suggestion: String?) throws {
        let schema = #"{"properties":{"hostname":true,"arch":true},"additionalProperties":false}"#
        let message = try #require(try violations(schema, "{\"\(name)\":1}").first)
        #expect(message.contains("did you mean") == (suggestion != nil))
        if let suggestion { #expect(message.hasSuffix("(did you mean \"\(suggestion)\"?)")) }
    }

    @Test(
        "A secret is never quoted",
        arguments: [
            #"{"properties":{"p":{"writeOnly":true,"type":"string","minLength":50,"pattern":"^\\d$","format":"uuid"}}}"#,
            #"{"properties":{"p":{"writeOnly":true,"enum":["a"]}}}"#,
            ##"{"properties":{"p":{"$ref":"#/$defs/p","pattern":"^\\d$"}},"$defs":{"p":{"writeOnly":true}}}"##,
            ##"{"properties":{"p":{"writeOnly":true,"$ref":"#/$defs/p"}},"$defs":{"p":{"allOf":[{"const":"b"}]}}}"##,
            #"{"properties":{"p":{"writeOnly":true}},"const":1}"#,
            #"{"properties":{"p":{"writeOnly":true}},"type":"string"}"#,
            #"{"properties":{"q":{"writeOnly":true}},"additionalProperties":false}"#,
        ] as [String]
    )
    func secretNever(schema: String) throws {
        let messages = try violations(schema, #"{"p":"marked-secret"}"#)
        #expect(!messages.isEmpty)
        #expect(!messages.joined().contains("marked-secret"))
    }

    @Test("Long values are cut in messages")
    func longValues() throws {
        let long = String(repeating: "x", count: 10_000)
        #expect(try violations(#"{"const":1}"#, "\"\(long)\"") == [": must be 1: \"\(long.prefix(63))…\""])
        #expect(
            try violations(#"{"type":"object","maximum":1,"additionalProperties":false}"#, "{\"\(long)\":1}")[0].count
                < 11_000
        )
    }

    @Test(
        "The check of a type stands for its pattern and gives one violation",
        arguments: [
            ("good", []),
            ("x", [#": x is not good: "x""#]), ("evil", [#": evil is not good: "evil""#]),
        ] as [(String, [String])]
    )
    func checkType(text: String, expected: [String]) throws {
        let schema = JSONSchema(type: .string, pattern: "^.{4}$") { $0 == "good" ? nil : "\($0) is not good" }
        let found = try SchemaValidator(schema).violations(of: .string(text))
        #expect(found.map(\.description) == expected)
    }

    @Test(
        "Patterns mean what they mean in ECMA-262",
        arguments: [
            (#"^\d$"#, "1", true), (#"^\d$"#, "１", false), (#"^\w$"#, "é", false), (#"^\W$"#, "é", true),
            (#"^\S$"#, "\u{FEFF}", false),
            (#"^\s$"#, "\u{A0}", true), ("^a$", "a\n", false), ("b", "abc", true), (#"^[\d-]+$"#, "1-2", true),
            ("^[[]$", "[", true),
            ("^[a&&b]+$", "&", true), (#"^[^\s\d]$"#, "1", false), (#"^[^\s\d]$"#, "x", true), ("^.$", "\n", false),
            ("^.$", "\u{85}", true),
            ("^[]$", "", false), ("^[^]$", "\n", true), (#"^\cA$"#, "\u{1}", true), (#"^\u{1F600}$"#, "😀", true),
            (#"^\u00e9$"#, "é", true),
            (#"\bcd\b"#, "ab cd", true), (#"\bcd\b"#, "écd", true), (#"^[\b]$"#, "\u{8}", true),
            (#"^\v$"#, "\u{B}", true), (#"^\/\-$"#, "/-", true),
            (#"^\p{Lu}$"#, "É", true), ("^.$", "😀", true), (#"^(?<a>x)\k<a>$"#, "xx", true),
            (#"^[\]\\]+$"#, "]\\", true), ("^[+--]$", ",", true),
        ] as [(String, String, Bool)]
    )
    func patternsMean(pattern: String, text: String, matches: Bool) throws {
        let validator = try SchemaValidator(JSONSchema(pattern: pattern))
        #expect(validator.violations(of: .string(text)).isEmpty == matches)
    }

    @Test(
        "A schema that cannot be used is refused with the place and the reason",
        arguments: [
            (##"{"$dynamicRef":"#a"}"##, "/$dynamicRef", "$dynamicRef is not supported"),
            (#"{"items":{"$dynamicAnchor":"a"}}"#, "/items/$dynamicAnchor", "$dynamicAnchor is not supported"),
            (
                ##"{"properties":{"a":{"$ref":"#/$defs/b"}}}"##, "/properties/a/$ref",
                ##"the reference "#/$defs/b" leads nowhere"##
            ),
            (##"{"allOf":[{"$ref":"#"}]}"##, "", "a schema refers to itself for the same value"),
            (#"{"pattern":"("}"#, "/pattern", #""(" is not a regular expression"#),
            (#"{"patternProperties":{"\\a":true}}"#, #"/patternProperties/\a"#, #""\\a" is not a regular expression"#),
            (#"{"multipleOf":0}"#, "/multipleOf", "must be above 0 and have at most 18 digits"),
            (#"{"multipleOf":-1}"#, "/multipleOf", "must be above 0 and have at most 18 digits"),
            (#"{"items":[true]}"#, "/items", "a schema is an object or a truth value"),
            (#"{"type":"int"}"#, "/type", "must be the name of a JSON type"),
            (#"{"minLength":-1}"#, "/minLength", "must be an integer that is not negative"),
            (#"{"required":["a",1]}"#, "/required/1", "must be a string"),
            (#"{"required":"a"}"#, "/required", "must be an array"),
        ] as [(String, String, String)]
    )
    func unusableSchema(
        schema: String,
        pointer: String,
        message: String
    ) throws {
        let json = try JSONValue(parsing: schema)
        let error = #expect(throws: JSONSchemaError.self) { try SchemaValidator(JSONSchema(json: json)) }
        #expect(error?.pointer.description == pointer)
        #expect(error?.message == message)
    }

    @Test("Another dialect is refused")
    func anotherDialect() throws {
        let schema = try JSONSchema(json: ["$schema": "http://json-schema.org/draft-07/schema#"])
        let error = #expect(throws: JSONSchemaError.self) { try SchemaValidator(schema) }
        #expect(error?.pointer.description == "/$schema")
    }

    @Test("A schema that refers to itself for parts of a value ends where the value ends")
    func schemaRefers() throws {
        let schema = ##"{"properties":{"next":{"$ref":"#"}},"additionalProperties":false}"##
        #expect(try violations(schema, #"{"next":{"next":{"next":{}}}}"#).isEmpty)
        #expect(try violations(schema, #"{"next":{"next":{"nxt":{}}}}"#).count == 1)
        let deep = String(repeating: #"{"next":"#, count: 127) + "{}" + String(repeating: "}", count: 127)
        #expect(try violations(schema, deep).isEmpty)
    }

    @Test("A schema comes back as it was read, with unknown keywords")
    func schemaComes() throws {
        let text = ##"""
            {"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"a","$ref":"#/$defs/b","$defs":{"b":true},"title":"t",
            "type":["string","null"],"enum":[1],"minimum":1.50,"items":{"not":{"const":null}},"required":["x"],"x-unique":"mac"}
            """##
        let json = try JSONValue(parsing: text)
        #expect(try JSONSchema(json: json).json.text == json.text)
    }

    @Test("A large array of distinct and equal elements is compared quickly")
    func largeArray() throws {
        let validator = try SchemaValidator(JSONSchema(json: ["uniqueItems": true]))
        let elements = (0..<100_000).map { JSONValue.string("element \($0)") }
        #expect(validator.violations(of: .array(elements)).isEmpty)
        #expect(validator.violations(of: .array(elements + elements)).count == 100)
    }
}
