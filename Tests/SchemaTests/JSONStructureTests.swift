import Schema
import TestSupport
import Testing

struct JSONStructureTests {
    private static let document = #"""
        {"id":"8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1","hostname":"h1","boot_mac":"02:00:00:00:00:01",
        "network_interfaces":[{"name":"eth0","mac_address":"02:00:00:00:00:02","extended_data":{"b":1.00,"a":[null]}},
        {"name":"eth1","mac_address":"02:00:00:00:00:03"}],"login":{"password":"p"},"power":"off","rack":"r1","NID":7,
        "boot_ipv4_address":"10.0.0.1","labels":{"z":"1","a":"2"},"default":true}
        """#

    @Test("The schema document says everything that the declaration says")
    func schemaDocument() throws {
        let expected = try JSONValue(parsing: Self.expectedSchema)
        #expect(SampleHost.schemaDocument(base: "https://example.com").json.prettyText == expected.prettyText)
    }

    @Test("A document is written as it was read, in declared order")
    func documentWritten() throws {
        let json = try JSONValue(parsing: Self.document)
        #expect(try SampleHost(json: json).json.text == json.text)
        guard case .object(let object) = json else { throw SampleError.notAnObject }
        let reversed = JSONObject(object.members.reversed().map { ($0.key, $0.value) })
        #expect(try SampleHost(json: .object(reversed)).json.text == json.text)
    }

    @Test("Absent properties are nil or their default and are not written")
    func absentProperties() throws {
        let host = try SampleHost(json: ["hostname": "h1"])
        #expect(host == SampleHost(hostname: "h1", power: .on))
        #expect(host.json.text == #"{"hostname":"h1","power":"on"}"#)
    }

    @Test("Fields know their marks")
    func fieldsKnow() throws {
        let fields = Dictionary(uniqueKeysWithValues: SampleHost.fields.map { ($0.name, $0) })
        #expect(fields["hostname"]?.uniqueKey == "hostname")
        #expect(fields["network_interfaces"]?.uniqueKey == "mac")
        #expect(fields["login"]?.isPartial == true)
        #expect(fields["power"]?.isRequired == false)
        #expect(SampleLogin.fields.filter(\.isSecret).map(\.name) == ["password"])
        #expect(SampleInterface.fields.map(\.isRequired) == [true, true, false])
    }

    @Test(
        "JSON that has not the form of the structure is refused with the place",
        arguments: [
            (#"{"hostname":1}"#, #"at "/hostname": must be a string"#),
            (#"{"network_interfaces":[{}]}"#, #"at "/network_interfaces/0/name": is required"#),
            (#"{"network_interfaces":[{"name":"a"},[]]}"#, #"at "/network_interfaces/1": must be an object"#),
            (#"{"labels":{"a/b":1}}"#, #"at "/labels/a~1b": must be a string"#),
            (#"{"power":"sleep"}"#, #"at "/power": must be one of "on", "off""#),
            (#"{"NID":1.5}"#, #"at "/NID": must be an integer of 64 bits"#),
            (#"{"other":1}"#, #"at "/other": is not known"#),
            (#"[]"#, #"at "": must be an object"#),
        ]
    )
    func jsonHas(text: String, message: String) throws {
        let json = try JSONValue(parsing: text)
        let error = #expect(throws: JSONDecodingError.self) { try SampleHost(json: json) }
        #expect(error?.description == message)
    }

    @Test("A structure in pascal case has keys in pascal case")
    func structurePascal() {
        #expect(SampleComponent.fields.map(\.name) == ["UID", "NetType", "IPv4Address"])
    }

    @Test("No mutation of a document ends the process, and what the schema allows is read")
    func mutationDocument() throws {
        let validator = try SchemaValidator(SampleHost.schemaDocument(base: "https://example.com"))
        var generator = SeededGenerator()
        let document = try JSONValue(parsing: Self.document)
        var validCount = 0
        for _ in 0..<3000 {
            let mutated = generator.mutate(document)
            guard validator.violations(of: mutated).isEmpty else { continue }
            validCount += 1
            let host = try SampleHost(json: mutated)
            #expect(try SampleHost(json: host.json) == host, "\(generator)")
            #expect(validator.violations(of: host.json).isEmpty, "\(generator)")
        }
        #expect((1..<3000).contains(validCount), "\(generator)")
    }

    private static let expectedSchema = ##"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "$id": "https://example.com/SampleHost.json",
          "$ref": "#/$defs/SampleHost",
          "$defs": {
            "SampleHost": {
              "description": "A host of two lines.\n\nAnd a second paragraph with \"quotes\" and a \\ backslash.",
              "type": "object",
              "properties": {
                "id": {
                  "description": "Identifier, given by the server.", "type": "string", "format": "uuid", "readOnly": true
                },
                "hostname": {"type": "string", "x-unique": "hostname"},
                "boot_mac": {"type": "string", "x-unique": "mac"},
                "network_interfaces": {
                  "type": "array", "items": {"$ref": "#/$defs/SampleInterface"}, "x-unique": "mac"
                },
                "login": {"$ref": "#/$defs/PartialSampleLogin", "description": "The login."},
                "power": {"title": "SamplePower", "type": "string", "enum": ["on", "off"], "default": "on"},
                "rack": {"type": "string", "pattern": "^r[0-9]+$"},
                "NID": {"type": "integer", "minimum": -9223372036854775808, "maximum": 9223372036854775807},
                "boot_ipv4_address": {"type": "string"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "default": {"type": "boolean"}
              },
              "additionalProperties": false,
              "required": ["hostname"]
            },
            "SampleInterface": {
              "description": "A network interface of a sample host.",
              "type": "object",
              "properties": {
                "name": {"description": "Name of the interface.", "type": "string"},
                "mac_address": {"type": "string", "format": "mac-address"},
                "extended_data": {"type": "object"}
              },
              "additionalProperties": false,
              "required": ["name", "mac_address"]
            },
            "PartialSampleLogin": {
              "description": "A login.",
              "type": "object",
              "properties": {
                "username": {"type": "string"},
                "password": {"description": "Never shown.", "type": "string", "writeOnly": true}
              },
              "additionalProperties": false
            }
          }
        }
        """##
}

extension SeededGenerator {
    /// The value with one place in it changed, removed or given a stranger's name.
    fileprivate mutating func mutate(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let object) where !object.isEmpty && Int.random(in: 0..<8, using: &self) > 0:
            var members = object.members.map { ($0.key, $0.value) }
            let index = Int.random(in: members.indices, using: &self)
            switch Int.random(in: 0..<6, using: &self) {
            case 0: members.remove(at: index)
            case 1: members[index].0 = string()
            default: members[index].1 = mutate(members[index].1)
            }
            return .object(JSONObject(members))
        case .array(var elements) where !elements.isEmpty && Int.random(in: 0..<8, using: &self) > 0:
            let index = Int.random(in: elements.indices, using: &self)
            elements[index] = mutate(elements[index])
            return .array(elements)
        default: return jsonValue(depth: 2)
        }
    }
}
