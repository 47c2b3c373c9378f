import Foundation
import Schema
import TestSupport
import Testing

@testable import Inventory

@Suite("Documents")
struct DocumentTests {
    /// What a validator and a type's own decoder make of a document.
    private struct Authority {
        var kind: Kind
        var validator: SchemaValidator

        init(_ kind: Kind) throws {
            self.kind = kind
            validator = try SchemaValidator(kind.schema)
        }

        /// The normal form, with secrets in it; nil for what breaks the schema.
        func normal(_ bytes: [UInt8]) -> [UInt8]? {
            // What the parser or the decoder throws says that there is no normal form, which is all that is asked.
            guard let json = try? JSONValue(parsing: bytes), validator.violations(of: json).isEmpty else { return nil }
            return try? kind.resourceType.init(json: json).document
        }
    }

    /// The normal form that a pass has found, with its secrets put back.
    private func normal(_ bytes: [UInt8], _ kind: Kind) throws -> (bytes: [UInt8], document: Document)? {
        var secrets: [(pointer: String, value: String)] = []
        guard let document = Document(reading: bytes, kind, secrets: &secrets) else { return nil }
        var json = document.json
        for (pointer, value) in secrets {
            json[try #require(JSONPointer(pointer))] = .string(value)
        }
        return (json.bytes, document)
    }

    @Test("are read in one pass as the validator and the type read them", arguments: Kind.allCases)
    func agreement(kind: Kind) throws {
        let authority = try Authority(kind)
        var generator = SeededGenerator()
        var readCount = 0
        for _ in 0..<3000 {
            var bytes = generator.document(kind).bytes
            if Int.random(in: 0..<4, using: &generator) == 0 { generator.mutate(&bytes) }
            guard let (found, document) = try normal(bytes, kind) else { continue }
            readCount += 1
            let text = "\(generator): \(String(decoding: bytes, as: UTF8.self))"
            #expect(authority.normal(bytes) == found, "\(text)")
            // Normal forms are read again, and are what they were.
            let again = Document(stored: document.bytes, kind)
            #expect(again.bytes == document.bytes && Set(again.keys) == Set(document.keys), "\(text)")
            #expect(again.identifier == document.identifier && again.embeddedIdentifier == document.embeddedIdentifier)
        }
        #expect(readCount > 100, "\(generator)")
    }

    @Test("that the validator accepts are read in one pass when they have nothing unusual", arguments: Kind.allCases)
    func completeness(kind: Kind) throws {
        let authority = try Authority(kind)
        var generator = SeededGenerator()
        for _ in 0..<1000 {
            let document = generator.document(kind)
            guard authority.normal(document.bytes) != nil else { continue }
            #expect(try normal(document.bytes, kind) != nil, "\(generator): \(document)")
        }
    }

    @Test("know their keys whatever their spelling")
    func keys() {
        for value in [
            "02:00:5e:10:00:01", "x1000c0s0b0n0", "x999c255s255b255n255", "x1000c0s0b0", "", "x", "x001c0s0b0", "名",
        ] {
            let key = UniqueKey(name: "k", value: value)
            #expect(key.value == value)
            #expect(key == UniqueKey(name: "k", value: value))
        }
        #expect(UniqueKey(name: "k", value: "02005e100001") != UniqueKey(name: "k", value: "02:00:5e:10:00:01"))
    }

    @Test("lose and gain fields in their places")
    func fields() throws {
        var node = Document(stored: Array(#"{"hostname":"a","architecture":"b","description":"c"}"#.utf8), .computeNode)
        let id = try UUID("8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1")
        node.identifier = id
        node.refer(to: id)
        #expect(node.embeddedIdentifier == id)
        let text = #""8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1""#
        #expect(
            String(decoding: node.bytes, as: UTF8.self)
                == #"{"id":\#(text),"hostname":"a","architecture":"b","bmc":{"id":\#(text)},"description":"c"}"#
        )
        node.refer(to: nil)
        node.identifier = nil
        #expect(
            String(decoding: node.bytes, as: UTF8.self) == #"{"hostname":"a","architecture":"b","description":"c"}"#
        )
        let patched = try #require(node.patched(by: ["description": "d", "xname": "x01000c0s0b0n0"]))
        #expect(
            String(decoding: patched.bytes, as: UTF8.self)
                == #"{"hostname":"a","xname":"x1000c0s0b0n0","architecture":"b","description":"d"}"#
        )
        #expect(patched.keys == [UniqueKey(name: "xname", value: "x1000c0s0b0n0")])
        #expect(node.patched(by: ["description": .null]) == nil)
        #expect(node.patched(by: ["description": 1]) == nil)
    }

    @Test("are in normal form whatever fields they lose and gain", arguments: Kind.allCases)
    func fieldsAtRandom(kind: Kind) throws {
        var generator = SeededGenerator()
        var readCount = 0
        for _ in 0..<1000 {
            var secrets: [(pointer: String, value: String)] = []
            let bytes = generator.part(kind).bytes
            guard var document = Document(reading: bytes, kind, .part, secrets: &secrets) else { continue }
            readCount += 1
            for _ in 0..<4 {
                let id = Bool.random(using: &generator) ? UUID.version7() : nil
                let xname =
                    Bool.random(using: &generator) ? "x1000c0s\(Int.random(in: 0...255, using: &generator))b0" : nil
                switch kind {
                case .computeNode where Bool.random(using: &generator): document.refer(to: id)
                case .bmc where Bool.random(using: &generator):
                    document.set(BMC.number(of: "xname"), to: xname ?? "x1000c0s0b0")
                case .nodeCollection where Bool.random(using: &generator): document.creatorSubject = xname
                default: document.identifier = id
                }
                let again = try #require(Document(reading: document.bytes, kind, .part, secrets: &secrets))
                let text = "\(generator): \(String(decoding: document.bytes, as: UTF8.self))"
                #expect(again.bytes == document.bytes, "\(text)")
                #expect(
                    again.identifier == document.identifier && again.embeddedIdentifier == document.embeddedIdentifier
                )
                if kind == .bmc { #expect(again.keys == document.keys, "\(text)") }
                if kind == .nodeCollection { #expect(again.creatorSubject == document.creatorSubject, "\(text)") }
            }
        }
        #expect(readCount > 100, "\(generator)")
    }
}

extension SeededGenerator {
    /// A document of a kind, most of them as the schema wants it.
    fileprivate mutating func document(_ kind: Kind) -> JSONValue {
        structure(kind.resourceType, isPartial: false)
    }

    /// Some fields of a document of a kind.
    fileprivate mutating func part(_ kind: Kind) -> JSONValue {
        structure(kind.resourceType, isPartial: true)
    }

    private mutating func structure(_ type: any JSONStructure.Type, isPartial: Bool) -> JSONValue {
        var members: [(String, JSONValue)] = []
        for field in type.fields {
            let isNeeded = field.isRequired && !isPartial
            guard isNeeded ? chance(200) : !chance(2) else { continue }
            members.append((field.name, chance(100) ? value(field) : jsonValue(depth: 2)))
        }
        if chance(3) { members.shuffle(using: &self) }
        if !chance(100) { members.append(("unknown", .null)) }
        return .object(JSONObject(members))
    }

    /// False once in so many times.
    private mutating func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) != 0 }

    private mutating func value(_ field: JSONField) -> JSONValue {
        for case .format(.uri) in field.marks { return .string(pick("http://a/b?c", "tftp://x", "no uri", "a:b")) }
        return value(field.type, isPartial: field.isPartial)
    }

    private mutating func value(_ type: any JSONRepresentable.Type, isPartial: Bool = false) -> JSONValue {
        switch type.shape {
        case .string: return .string(chance(2) ? pick("a", "plain text", "", "root") : string())
        case .boolean: return .bool(.random(using: &self))
        case .integer:
            return .number(
                JSONNumber(Int.random(in: .min ... .max, using: &self) >> Int.random(in: 0..<64, using: &self))
            )
        case .number: return .number(JSONNumber(Double.random(in: -1e9...1e9, using: &self)))
        case .choice(let names): return .string(names.randomElement(using: &self) ?? "")
        case .text(let type): return .string(text(type))
        case .freeForm: return .object(JSONObject([("a", jsonValue(depth: 2)), ("b", jsonValue(depth: 1))]))
        case .list(let element): return .array((0..<Int.random(in: 0..<4, using: &self)).map { _ in value(element) })
        case .distinctList(let element):
            let elements = (0..<Int.random(in: 0..<4, using: &self)).map { _ in value(element) }
            return .array(chance(2) ? elements : elements + elements.shuffled(using: &self))
        case .map(let element): return .object(JSONObject([("b", value(element)), ("ä", value(element))]))
        case .structure(let structure): return self.structure(structure, isPartial: isPartial)
        }
    }

    private mutating func text(_ type: any StringValue.Type) -> String {
        func byte() -> Int { Int.random(in: 0...255, using: &self) }
        switch type {
        case is UUID.Type:
            let id = UUID(uuidString: "8F14E45F-CEEA-467F-A0E6-BD2F4AD4B8A1").map(\.uuidString) ?? ""
            return chance(2) ? id.lowercased() : id
        case is MACAddress.Type, is InterfaceAddress.Type:
            if !chance(4) {
                return pick("5254.00be.ef01", "525400BEEF01", "525400-beef01", "2:0:5e:1:0:1", "2:0:5e:1:0")
            }
            let separator = chance(3) ? ":" : "-"
            let isInfiniBand = type is InterfaceAddress.Type && chance(4)
            let bytes = (0..<(isInfiniBand ? chance(2) ? 8 : 20 : 6)).map { _ in byte() }
            return bytes.map { String($0, radix: 16, uppercase: bytes[0] < 40) }.map { $0.count < 2 ? "0" + $0 : $0 }
                .joined(separator: separator)
        case is NodeXName.Type, is BMCXName.Type, is ComponentXName.Type:
            let cabinet = pick("x1000", "x001", "x0100", "x100000", "x999", "X1000")
            let node = type is BMCXName.Type ? "" : "n\(byte())"
            return "\(cabinet)c\(byte())s\(pick("0", "00", "7", "255", "256"))b\(byte())\(node)"
        case is IPv4Address.Type:
            return pick("10.0.0.1", "255.255.255.255", "0.0.0.0", "10.00.0.1", "256.0.0.1", "10.0.1")
        case is HostName.Type:
            return chance(20) ? pick("nid000001", "login.example_1", "n-1", "N1") : pick("a..b", "gpu node", "")
        case is Name.Type: return chance(20) ? pick("x86_64", "a b", "ünï", "[x]") : pick(" a", "")
        case is InterfaceName.Type: return chance(20) ? pick("eth0", "", "hsn0", "e:1") : "e "
        case is IPAddress.Type: return chance(20) ? pick("10.0.0.1", "FD00::1", "fd00::1") : pick("10.0.1", "x")
        case is IPv6Address.Type:
            return pick("fd00::1", "FD00::1", "0:0:0:0:0:0:0:1", "::", "fd00::1:0", "::ffff:10.0.0.1", "x::")
        case is Timestamp.Type:
            return pick("2026-11-23T18:20:00Z", "2026-11-23T18:20:00.120+01:00", "2026-02-30T00:00:00Z")
        case is any NameValue.Type:
            return chance(10)
                ? pick("nid000001", "a.b-c_d", "x86_64", "a") : pick("", "gpu node", " a", "Ünï", "a.", string())
        default: return string()
        }
    }

    private mutating func pick(_ choices: String...) -> String { choices.randomElement(using: &self) ?? "" }

    /// Changes some bytes.
    fileprivate mutating func mutate(_ bytes: inout [UInt8]) {
        for _ in 0..<Int.random(in: 1...3, using: &self) where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &self)
            switch Int.random(in: 0..<4, using: &self) {
            case 0: bytes.remove(at: index)
            case 1: bytes.insert(Array(#"{}[]",:\ 0e-."#.utf8).randomElement(using: &self) ?? 0, at: index)
            case 2: bytes[index] = UInt8.random(in: .min ... .max, using: &self)
            default: bytes.swapAt(index, Int.random(in: bytes.indices, using: &self))
            }
        }
    }
}
