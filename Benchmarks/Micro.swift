import Foundation
import Inventory
import Schema
import Store

/// Counts the instructions of what the server does most often, which no noise of the machine changes.
///
/// `Benchmarks micro` runs itself under valgrind, for each piece once with some repetitions and once with twice as many:
/// the difference is what the repetitions take.
enum Micro {
    /// Something that is done over and over.
    private struct Piece: Sendable {
        var name: String
        /// Makes ready, and returns what is counted.
        var prepare: @Sendable () throws -> (Int) -> Void
    }

    private static let repetitions = 2000

    /// - Parameter arguments: Nothing, or the number of a piece and how often it is done.
    static func run(_ arguments: [String]) throws {
        if arguments.count == 2, let piece = Int(arguments[0]), let count = Int(arguments[1]) {
            let body = try pieces[piece].prepare()
            for index in 0..<count { body(index) }
            return
        }
        for (index, piece) in pieces.enumerated() {
            let (once, twice) = (try instructions(index, repetitions), try instructions(index, 2 * repetitions))
            print("\((twice - once) / repetitions)".leftPadded(to: 8), "instructions:", piece.name)
        }
    }

    private static func instructions(_ piece: Int, _ count: Int) throws -> Int {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
            CommandLine.arguments[0], "micro", "\(piece)", "\(count)",
        ]
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0, let match = text.firstMatch(of: /I +refs: +([0-9,]+)/),
            let count = Int(match.1.filter { $0 != "," })
        else { throw BenchmarkError("valgrind said: \(text)") }
        return count
    }

    // MARK: Pieces

    private static let pieces = [
        Piece(name: "a node is read in one pass") {
            let bytes = Array(node(1).utf8)
            return { _ in _ = read(bytes) }
        },
        Piece(name: "the same by parser, validator and decoder") {
            let bytes = Array(node(1).utf8)
            let validator = try SchemaValidator(Kind.computeNode.schema)
            return { _ in
                do {
                    let json = try JSONValue(parsing: bytes)
                    precondition(validator.violations(of: json).isEmpty)
                    _ = try ComputeNode(json: json).document
                } catch {
                    preconditionFailure("\(error)")
                }
            }
        },
        Piece(name: "a node is patched") {
            let document = read(Array(node(1).utf8))
            return { _ in precondition(document.patched(by: ["description": "what it is"]) != nil) }
        },
        Piece(name: "a node is found by id") {
            let directory = filledDirectory()
            let ids = directory.all(.computeNode).map(\.id.lowercased)
            return { precondition(find(ids[$0 % ids.count], directory)) }
        },
        Piece(name: "a node is found by xname") {
            let directory = filledDirectory()
            return { precondition(find("x1000c\($0 % 8)s\($0 / 8 % 64)b0n0", directory)) }
        },
        Piece(name: "a node is found by MAC") {
            let directory = filledDirectory()
            let macs = (0..<512).map { "02:65:26:9e:\(hexadecimal($0))" }
            return { precondition(find(macs[$0 % macs.count], directory)) }
        },
    ]

    private static func node(_ index: Int) -> String {
        """
        {"hostname":"nid\(index)","architecture":"x86_64","xname":"x1000c\(index % 8)s\(index / 8)b0n0",\
        "boot_mac":"02:65:26:9e:\(hexadecimal(index))","boot_ipv4_address":"10.0.0.1","network_interfaces":[{"interface_name":"eth0",\
        "mac_address":"02:65:26:9e:\(hexadecimal(index))","ipv4_address":"10.0.0.1","description":"node management"},\
        {"interface_name":"hsn0","mac_address":"02:57:79:84:\(hexadecimal(index))","ipv4_address":"172.16.0.1",\
        "ipv6_address":"fd00::1:0","description":"high-speed network","serial":"0C5C7FD0","model":"Ethernet E810-C",\
        "manufacturer":"Intel"}],"bmc":{"username":"root","password":"d23f128b2f33","mac_address":"02:49:cc:6b:75:a9",\
        "ipv4_address":"10.128.0.1"},"location_string":"cabinet 1000, chassis 0, slot 0"}
        """
    }

    /// A number below 65,536 as the last two bytes of a MAC address.
    private static func hexadecimal(_ number: Int) -> String {
        [number >> 8, number & 0xff].map { [UInt8($0)].hexadecimal }.joined(separator: ":")
    }

    private static func read(_ bytes: [UInt8]) -> Document {
        var secrets: [(pointer: String, value: String)] = []
        guard let document = Document(reading: bytes, .computeNode, secrets: &secrets) else {
            preconditionFailure("the node can be read")
        }
        return document
    }

    /// A directory of 512 nodes.
    private static func filledDirectory() -> Directory {
        let directory = Directory()
        directory.apply(
            (0..<512).map { index in
                let document = read(Array(node(index).utf8))
                return Change(
                    resource: ResourceID(.computeNode, .version7()),
                    stored: StoredResource(document: document.bytes, version: 1),
                    indexBefore: nil,
                    index: IndexEntry(keys: document.keys)
                )
            }
        )
        return directory
    }

    private static func find(_ reference: String, _ directory: Directory) -> Bool {
        directory.resource(.computeNode, reference: Kind.computeNode.reference(reference)) != nil
    }
}

extension String {
    fileprivate func leftPadded(to count: Int) -> String {
        String(repeating: " ", count: max(0, count - self.count)) + self
    }
}
