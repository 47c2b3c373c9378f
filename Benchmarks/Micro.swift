import Completeness
import Foundation
import Inventory
import Logging
import Records
import Schema
import Store
import Synchronization

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
            if piece == pieces.count - 1 { _ = try WritingPiece(isNew: false) }
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
            let validator = try SchemaValidator(ComputeNode.kind.schema)
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
            let ids = directory.all(ComputeNode.kind).map(\.id.lowercased)
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
        Piece(name: "a node and its BMC are written, synced as the system likes") {
            let writing = try WritingPiece()
            return { writing.write(node($0)) }
        },
        Piece(name: "the same, and then read by a start from the journal") {
            let writing = try WritingPiece()
            return { writing.write(node($0)) }
        },
    ]

    /// A store in the file system's memory, without the work that a server does by and by.
    private final class WritingPiece: Sendable {
        private let store: InventoryStore

        /// - Parameter isNew: Whether it begins with nothing; if not, with what the last one has left.
        init(isNew: Bool = true) throws {
            let folder = URL(filePath: "/dev/shm/node-orchestrator-micro", directoryHint: .isDirectory)
            let copy = folder.appendingPathExtension("copy")
            for left in isNew ? [copy, folder] : [copy] where FileManager.default.fileExists(atPath: left.path) {
                try FileManager.default.removeItem(at: left)
            }
            if !isNew {
                // The one that is there is locked.
                try FileManager.default.copyItem(at: folder, to: copy)
            }
            let configuration = StoreConfiguration(DataDirectory(isNew ? folder : copy), fsync: .never)
            store = try blocking {
                try await InventoryStore(
                    configuration,
                    logger: Logger(label: "micro") { _ in SwiftLogNoOpLogHandler() }
                )
            }
        }

        func write(_ node: String) {
            do {
                let submission = try store.intake.submission(of: Array(node.utf8), ComputeNode.kind)
                _ = try blocking { [store] in
                    try await store.commit(Transaction(author: "a", [.create(submission)]))
                }
            } catch {
                preconditionFailure("\(error)")
            }
        }
    }

    /// Waits for something.
    private static func blocking<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value
    {
        let result = Mutex<Result<Value, any Error>?>(nil)
        let semaphore = DispatchSemaphore(value: 0)
        Task.detached {
            let value: Result<Value, any Error>
            do { value = .success(try await body()) } catch { value = .failure(error) }
            result.withLock { $0 = value }
            semaphore.signal()
        }
        semaphore.wait()
        guard let value = result.withLock(\.self) else { preconditionFailure("it has ended") }
        return try value.get()
    }

    private static func node(_ index: Int) -> String {
        """
        {"hostname":"nid\(index)","architecture":"x86_64","xname":"x\(1000 + index / 512)c\(index % 8)s\(index / 8 % 64)b0n0",\
        "boot_mac":"02:65:26:9e:\(hexadecimal(index))","boot_ipv4_address":"10.0.0.1","network_interfaces":[{"interface_name":"eth0",\
        "mac_address":"02:65:26:9e:\(hexadecimal(index))","ipv4_address":"10.0.0.1","description":"node management"},\
        {"interface_name":"hsn0","mac_address":"02:57:79:84:\(hexadecimal(index))","ipv4_address":"172.16.0.1",\
        "ipv6_address":"fd00::1:0","description":"high-speed network","serial":"0C5C7FD0","model":"Ethernet E810-C",\
        "manufacturer":"Intel"}],"bmc":{"username":"root","password":"d23f128b2f33","mac_address":"02:49:cc:6b:\(hexadecimal(index))",\
        "ipv4_address":"10.128.0.1"},"location_string":"cabinet 1000, chassis 0, slot 0"}
        """
    }

    /// A number below 65,536 as the last two bytes of a MAC address.
    private static func hexadecimal(_ number: Int) -> String {
        [number >> 8, number & 0xff].map { [UInt8($0)].hexadecimal }.joined(separator: ":")
    }

    private static func read(_ bytes: [UInt8]) -> Document {
        var secrets: [(pointer: String, value: String)] = []
        guard let document = Document(reading: bytes, ComputeNode.kind, secrets: &secrets) else {
            preconditionFailure("the node can be read")
        }
        return document
    }

    /// A directory of 512 nodes.
    private static func filledDirectory() -> Directory {
        let writer = DirectoryWriter()
        writer.apply(
            (0..<512).map { index in
                let document = read(Array(node(index).utf8))
                return Change(
                    resource: ResourceID(ComputeNode.kind, .version7()),
                    stored: StoredResource(document: document.bytes, version: 1),
                    indexBefore: nil,
                    index: IndexEntry(keys: document.keys)
                )
            },
            through: .beginning
        )
        return writer.directory
    }

    private static func find(_ reference: String, _ directory: Directory) -> Bool {
        directory.resource(ComputeNode.kind, reference: ComputeNode.kind.reference(reference)) != nil
    }
}

extension String {
    fileprivate func leftPadded(to count: Int) -> String {
        String(repeating: " ", count: max(0, count - self.count)) + self
    }
}
