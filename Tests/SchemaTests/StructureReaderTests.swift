import Schema
import Testing

struct StructureReaderTests {
    private static let reader = StructureReader(SampleHost.self)

    private func read(_ text: String, _ completeness: StructureReader.Completeness = .stored) -> StructureReading? {
        Self.reader.read(Array(text.utf8), completeness)
    }

    private func normal(_ text: String, _ completeness: StructureReader.Completeness = .stored) -> String? {
        read(text, completeness).map { String(decoding: $0.text.bytes, as: UTF8.self) }
    }

    @Test("Members come in declared order, without white space, and escaped as little as possible")
    func membersCome() {
        #expect(
            normal(
                """
                 { "NID" : -7 , "power":"off", "labels":{"z":"\\u0041","a" : "2"},
                \t"hostname":"\\/ü\\n" , "network_interfaces":[ {"mac_address":"02:00:00:00:00:02","name":"a",
                "extended_data":{"b":1.00,"a":[ null ]}} , {"name":"b","mac_address":"02-00-00-00-00-03"}]}

                """
            )
                == #"{"hostname":"/ü\n","network_interfaces":[{"name":"a","mac_address":"02:00:00:00:00:02","#
                + #""extended_data":{"b":1.00,"a":[null]}},{"name":"b","mac_address":"02-00-00-00-00-03"}],"power":"off","#
                + #""NID":-7,"labels":{"z":"A","a":"2"}}"#
        )
    }

    @Test("Unique keys are found in declared order, in elements too")
    func uniqueKeys() throws {
        let text = #"""
            {"network_interfaces":[{"name":"a","mac_address":"02:00:00:00:00:02"},
            {"name":"b","mac_address":"02:00:00:00:00:03"}],"boot_mac":"02:00:00:00:00:01","hostname":"h\u0031","power":"on"}
            """#
        let keys = try #require(read(text)).keys.map { "\($0.name)=\($0.value)" }
        #expect(
            keys == [
                #"hostname=text("h1")"#, #"mac=text("02:00:00:00:00:01")"#, #"mac=text("02:00:00:00:00:02")"#,
                #"mac=text("02:00:00:00:00:03")"#,
            ]
        )
    }

    @Test("Keys of structures within are not those of the whole")
    func keysStructures() throws {
        let reader = StructureReader(SampleRack.self)
        let reading = try #require(reader.read(Array(#"{"name":"r","host":{"hostname":"h","power":"on"}}"#.utf8)))
        #expect(reading.keys.map(\.name) == ["name"])
    }

    @Test("Secrets are taken out, and empty ones are told")
    func secretsTaken() throws {
        let text = #"{"login":{"password":"p\"w","username":"u"},"power":"on"}"#
        let reading = try #require(read(text))
        #expect(
            String(decoding: reading.text.bytes, as: UTF8.self)
                == #"{"login":{"username":"u","password":""},"power":"on"}"#
        )
        #expect(reading.secrets.map { "\($0.pointer) \($0.value)" } == [#"/login/password p"w"#])
        #expect(try #require(read(#"{"login":{"password":""},"power":"on"}"#)).secrets.map(\.value) == [""])
    }

    @Test("What must be there depends on what the structure is for")
    func whatMust() {
        #expect(read(#"{"power":"on"}"#, .whole) == nil)
        #expect(read(#"{"power":"on","hostname":"h"}"#, .whole) != nil)
        #expect(read(#"{"power":"on"}"#, .stored) != nil)
        #expect(read("{}", .stored) == nil)
        #expect(read("{}", .part) != nil)
        #expect(read(#"{"power":"on","hostname":"h","login":{"username":"u"}}"#, .whole) != nil)
        #expect(read(#"{"network_interfaces":[{"name":"n"}]}"#, .part) == nil)
    }

    @Test(
        "What breaks the schema or the grammar is left to the validator",
        arguments: [
            "", " ", "null", "[]", "{", #"{"power":"on""#, #"{"power":"on"}}"#, #"{"power":"on"} x"#,
            #"{"power":"on",}"#,
            #"{"power":"On"}"#, #"{"power":true}"#, #"{"power":null}"#, #"{"power":"on","power":"on"}"#,
            #"{"power":"on","colour":"red"}"#, #"{"power" "on"}"#, #"{,"power":"on"}"#, #"{"power":"on" "NID":1}"#,
            #"{"power":"on","NID":01}"#, #"{"power":"on","NID":1.5}"#, #"{"power":"on","NID":9223372036854775808}"#,
            #"{"power":"on","NID":-}"#, #"{"power":"on","NID":1e}"#, #"{"power":"on","default":tru}"#,
            #"{"power":"on","hostname":"a\x"}"#, #"{"power":"on","hostname":"\uD800"}"#,
            "{\"power\":\"on\",\"hostname\":\"a\tb\"}", #"{"power":"on","hostname":"a}"#,
            #"{"power":"on","hostname":"a\"#,
            #"{"power":"on","labels":{"a":1}}"#, #"{"power":"on","labels":{"a":"1","a":"2"}}"#,
            #"{"power":"on","network_interfaces":[{"name":"n"}]}"#, #"{"power":"on","network_interfaces":[,]}"#,
            #"{"power":"on","network_interfaces":{}}"#, #"{"\u0070ower":"on"}"#, #"{"power":"on","default":truefalse}"#,
        ]
    )
    func left(text: String) {
        #expect(read(text) == nil)
    }

    @Test("Bytes that are not UTF-8 are left, and formats and patterns where they are checked")
    func bytesUTF() {
        #expect(
            Self.reader.read(Array(#"{"power":"on","hostname":""#.utf8) + [0xFF] + Array("\"}".utf8), .stored) == nil
        )
        #expect(read(#"{"power":"on","hostname":"h","id":"no id"}"#, .whole) == nil)
        #expect(read(#"{"power":"on","hostname":"h","rack":"r1"}"#, .whole) == nil)
        #expect(read(#"{"power":"on","rack":"r1"}"#, .stored) != nil)
    }

    @Test("Numbers come in their normal spelling")
    func numbersCome() {
        #expect(normal(#"{"power":"on","NID":1.0e2}"#) == #"{"power":"on","NID":100}"#)
        #expect(normal(#"{"power":"on","NID":-0}"#) == #"{"power":"on","NID":0}"#)
        #expect(normal(#"{"power":"on","NID":9223372036854775807}"#) == #"{"power":"on","NID":9223372036854775807}"#)
    }

    @Test("Nesting ends where it does for the parser")
    func nestingEnds() {
        func document(_ depth: Int) -> String {
            #"{"power":"on","network_interfaces":[{"name":"n","mac_address":"02:00:00:00:00:02","extended_data":{"a":"#
                + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}}]}"
        }
        for depth in 120...128 {
            // Whether it throws is what is compared.
            let isJSON = (try? JSONValue(parsing: document(depth))) != nil
            #expect((read(document(depth)) != nil) == isJSON, "at \(depth)")
        }
    }
}
