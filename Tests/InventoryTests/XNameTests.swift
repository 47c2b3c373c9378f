import Inventory
import Schema
import TestSupport
import Testing

@Suite("Xnames")
struct XNameTests {
    @Test(
        "are read in any spelling and written without leading zeros",
        arguments: [
            ("x1000c1s7b0n0", "x1000c1s7b0n0"),
            ("x1000c01s007b00n001", "x1000c1s7b0n1"),
            ("x00012c0s0b0n0", "x012c0s0b0n0"),
            ("x000c0s0b0n0", "x000c0s0b0n0"),
            ("x99999c255s255b255n255", "x99999c255s255b255n255"),
        ]
    )
    func normalSpelling(text: String, normal: String) throws {
        #expect(try NodeXName(text).description == normal)
        #expect(try NodeXName(normal) == NodeXName(text))
    }

    @Test("have the number of their normal spelling", arguments: [0, 1, 12, 99, 100, 1000, 99_999])
    func number(cabinet: Int) throws {
        let text = "x\(String(cabinet, minimumDigits: 3))c1s20b3"
        #expect(Array(text.utf8).withUnsafeBufferPointer(BMCXName.number) == (try BMCXName(text).number))
        #expect(UniqueKey(name: "xname", value: text).value == text)
        let padded = "x0\(text.dropFirst())"
        #expect(Array(padded.utf8).withUnsafeBufferPointer(BMCXName.number) == nil)
    }

    @Test(
        "are refused when they break the pattern or leave a part's range",
        arguments: [
            "", "x", "x1000", "x1000c1s7b0", "x10c1s7b0n0", "x100000c0s0b0n0", "X1000c1s7b0n0", "x1000c1s7b0n0 ",
            "x1000c1s7b0n0\n", "x1000c256s0b0n0", "x1000c0s256b0n0", "x1000c0s0b256n0", "x1000c0s0b0n256",
            "x1000c1s7b0n", "x1000c1s7b0n0000", "x١٠٠٠c1s7b0n0", "x-100c1s7b0n0",
        ]
    )
    func refused(text: String) {
        #expect(throws: InvalidValue.self) { try NodeXName(text) }
    }

    @Test(
        "that are looked for are told by their numbers, in any case",
        arguments: [
            ("x1c0s0b0n0", "x001c0s0b0n0"), ("X1000C01S7B0N0", "x1000c1s7b0n0"),
            ("x0001000c1s0007b0n0", "x1000c1s7b0n0"),
            ("x0c0s0b0n0", "x000c0s0b0n0"),
        ]
    )
    func references(text: String, normal: String) throws {
        #expect(throws: InvalidValue.self) { try NodeXName(text) }
        #expect(try NodeXName(reference: text).description == normal)
        let bmc = String(text.dropLast(2))
        #expect(try BMCXName(reference: bmc).description == String(normal.dropLast(2)))
        #expect(try ComponentXName(reference: text).description == normal && ComponentXName(text).description == normal)
    }

    @Test(
        "that are looked for are refused when they are none",
        arguments: ["", "x1", "x1c0s0b0", "x1c256s0b0n0", "x100000c0s0b0n0", "x1c0s0b0n0 ", "x0000000001c0s0b0n0"]
    )
    func referencesRefused(text: String) {
        #expect(throws: InvalidValue.self) { try NodeXName(reference: text) }
    }

    @Test("say which part is out of range")
    func message() {
        #expect(throws: InvalidValue("has chassis 256, above the highest, 255")) { try NodeXName("x1000c256s0b0n0") }
    }

    @Test("have readable parts, and give the BMC's")
    func parts() throws {
        let xname = try NodeXName("x1000c1s7b2n3")
        #expect(
            [xname.cabinet, xname.chassis, xname.slot, xname.bmc, xname.node] == [1000, 1, 7, 2, 3]
        )
        #expect(xname.bmcXName.description == "x1000c1s7b2")
        #expect(throws: InvalidValue.self) { try BMCXName("x1000c1s7b2n3") }
    }

    @Test("compare in the order of the hardware, not of the letters")
    func order() throws {
        let ordered = ["x200c0s0b0n0", "x1000c0s9b0n0", "x1000c0s10b0n0", "x1000c1s0b0n0", "x1000c1s0b0n1"]
        #expect(try ordered.reversed().map { try NodeXName($0) }.sorted().map(\.description) == ordered)
    }

    @Test(
        "of components have any HMS form",
        arguments: [
            ("x1000", "x1000"), ("x0", "x000"), ("x0001", "x001"), ("X3000C0S01B0N0P1", "x3000c0s1b0n0p1"),
            ("d0w12", "d0w12"), ("x3000m0p0j1", "x3000m0p0j1"), ("s0", "s0"), ("x1", "x001"), ("X01", "x001"),
            ("x1c00", "x001c0"), ("xname1", "xname1"), ("d01x1", "d1x1"),
        ]
    )
    func component(text: String, normal: String) throws {
        #expect(try ComponentXName(text).description == normal)
    }

    @Test(
        "of components are refused when they are no location",
        arguments: [
            "", "x", "1", "x1c", "x-1", "x1 c0", "xé1", "\u{212A}1", "x1\(String(repeating: "c1", count: 31))",
            "x\(String(repeating: "1", count: 63))",
        ]
    )
    func componentRefused(text: String) {
        #expect(throws: InvalidValue.self) { try ComponentXName(text) }
    }

    @Test("of components have one normal spelling, and stored ones may have what earlier versions made of a cabinet")
    func componentSpellings() throws {
        var generator = SeededGenerator()
        for _ in 0..<20_000 {
            let parts = (0..<Int.random(in: 0..<5, using: &generator)).map { _ in
                ["x", "c", "n", "xx", "0", "1", "01", "001", "000", "1000", "X"].randomElement(using: &generator)!
            }
            let text = parts.joined()
            let isNormal = Array(text.utf8).withUnsafeBufferPointer(ComponentXName.isNormal)
            let normal: String?
            do {
                normal = try ComponentXName(text).description
            } catch {
                // What is refused has no normal spelling.
                normal = nil
            }
            #expect(isNormal == (normal == text), "\(generator): \(text)")
        }
        #expect(ComponentXName.storedSpellings(of: "x001c0") == ["x001c0", "x01c0", "x1c0"])
        #expect(ComponentXName.storedSpellings(of: "x012") == ["x012", "x12"])
        #expect(ComponentXName.storedSpellings(of: "x100") == ["x100"])
        #expect(ComponentXName.storedSpellings(of: "d0") == ["d0"])
    }
}
