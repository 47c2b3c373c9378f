import Foundation
import Inventory
import Records
import TestSupport
import Testing

@testable import Store

@Suite("The directory")
struct DirectoryTests {
    /// A resource of the model.
    private struct Entry: Equatable {
        var index: IndexEntry
        var version: UInt64
    }

    @Test("finds every resource by every way, and no other, whatever comes and goes", arguments: [12, 1500])
    func model(size: Int) {
        var generator = SeededGenerator()
        let writer = DirectoryWriter()
        let directory = writer.directory
        var model: [UUID: Entry] = [:]
        // Few identifiers and few keys, so that they come again, and keys change hands.
        let ids = (0..<size).map { _ in generator.uuid() }
        let bmcs = (0..<size / 3).map { _ in generator.uuid() }
        let values = (0..<size).flatMap { index in
            [
                UniqueKey(name: "xname", value: "x1000c0s\(index % 250)b0n\(index / 250)"),
                UniqueKey(name: "name", value: "n\(index)"),
            ]
        }
        for step in 1...6000 {
            var changes: [Change] = []
            var next = model
            for id in Set(
                (0..<Int.random(in: 1...4, using: &generator)).compactMap { _ in ids.randomElement(using: &generator) }
            ) {
                next[id] = nil
                if Int.random(in: 0..<3, using: &generator) > 0 {
                    let taken = Set(next.values.flatMap(\.index.keys))
                    let keys = (0..<Int.random(in: 0...3, using: &generator)).compactMap { _ in
                        values.randomElement(using: &generator)
                    }
                    next[id] = Entry(
                        index: IndexEntry(
                            keys: Array(Set(keys).subtracting(taken)),
                            embedded: Bool.random(using: &generator) ? bmcs.randomElement(using: &generator) : nil
                        ),
                        version: UInt64(step)
                    )
                }
                changes.append(
                    Change(
                        resource: ResourceID(.computeNode, id),
                        stored: next[id].map { entry in
                            let document = #"{"version":\#(entry.version)}"#
                            return StoredResource(document: Array(document.utf8), version: entry.version)
                        },
                        indexBefore: model[id]?.index,
                        index: next[id]?.index
                    )
                )
            }
            writer.apply(changes, through: .beginning)
            model = next
            guard step % (size > 100 ? 1500 : 50) == 0 else { continue }
            for id in ids {
                #expect(
                    directory.resource(.computeNode, id: id)?.version == model[id]?.version,
                    "\(generator), step \(step)"
                )
            }
            for key in values {
                let holder = model.first { $0.value.index.keys.contains(key) }?.key
                #expect(directory.holder(.computeNode, of: key) == holder, "\(generator), step \(step)")
            }
            for bmc in bmcs {
                let nodes = model.filter { $0.value.index.embedded == bmc }.keys.sorted()
                #expect(directory.embedders(.computeNode, of: bmc).sorted() == nodes, "\(generator), step \(step)")
            }
            #expect(directory.count(.computeNode) == model.count)
            let all = directory.all(.computeNode)
            #expect(all.map(\.id) == model.keys.sorted(), "\(generator), step \(step)")
            let documents = all.indices.map(all.document(at:))
            #expect(documents == all.map(\.stored.document), "\(generator), step \(step)")
            #expect(all.documentLength == documents.reduce(0) { $0 + $1.count }, "\(generator), step \(step)")
        }
    }

    @Test("gives a reader what was there, whatever is written meanwhile")
    func copies() {
        let writer = DirectoryWriter()
        let directory = writer.directory
        func change(_ id: UUID, _ version: UInt64, isNew: Bool) -> Change {
            Change(
                resource: ResourceID(.bmc, id),
                stored: StoredResource(document: Array("{}".utf8), version: version),
                indexBefore: isNew ? nil : IndexEntry(),
                index: IndexEntry()
            )
        }
        var generator = SeededGenerator()
        let ids = (0..<3000).map { _ in generator.uuid() }
        writer.apply(ids.map { change($0, 1, isNew: true) }, through: .beginning)
        let before = directory.all(.bmc)
        writer.apply(ids.map { change($0, 2, isNew: false) }, through: .beginning)
        #expect(before.allSatisfy { $0.stored.version == 1 })
        #expect(directory.all(.bmc).allSatisfy { $0.stored.version == 2 })
    }
}

extension SeededGenerator {
    fileprivate mutating func uuid() -> UUID {
        let words = (next(), next())
        return withUnsafeBytes(of: words) { bytes in UUID(uuid: bytes.loadUnaligned(as: uuid_t.self)) }
    }
}
