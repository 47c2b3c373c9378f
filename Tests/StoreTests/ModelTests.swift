import Foundation
import Inventory
import Records
import Store
import TestSupport
import Testing

@Suite("Random operations")
struct ModelTests {
    /// What the store should hold, kept the plain way: nodes by xname, and what a BMC is called by its location.
    private struct Model {
        var hostnames: [String: String] = [:]
        var macs: [String: String] = [:]
        var usernames: [String: String] = [:]
    }

    @Test("agree with a plain model, across restarts", arguments: [UInt64.random(in: 0...UInt64.max), 1, 2])
    func model(seed: UInt64) async throws {
        print("Random operations: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var inventory = try await StoreUnderTest()
        var stores = [inventory]
        var model = Model()
        for step in 0..<600 {
            let slot = Int.random(in: 0..<12, using: &generator)
            let xname = "x1000c0s\(slot / 2)b0n\(slot % 2)"
            let bmc = "x1000c0s\(slot / 2)b0"
            let mac = "02:00:00:00:00:0\(Int.random(in: 0..<8, using: &generator))"
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                let text = #"{"hostname":"h\#(step)","architecture":"a","xname":"\#(xname)","boot_mac":"\#(mac)"}"#
                let expected: Refusal.Reason? =
                    model.hostnames[xname] != nil || model.macs.values.contains(mac) ? .conflict : nil
                #expect(try await refusal { try await inventory.create(.computeNode, text) }?.reason == expected)
                if expected == nil {
                    model.hostnames[xname] = "h\(step)"
                    model.macs[xname] = mac
                    if model.usernames[bmc] == nil { model.usernames[bmc] = "" }
                }
            case 4..<6:
                let text = #"{"hostname":"h\#(step)","architecture":"a","xname":"\#(xname)","boot_mac":"\#(mac)"}"#
                let isTaken = model.macs.contains { $0.key != xname && $0.value == mac }
                let expected: Refusal.Reason? = model.hostnames[xname] == nil ? .notFound : isTaken ? .conflict : nil
                #expect(
                    try await refusal { try await inventory.replace(.computeNode, xname, text) }?.reason == expected
                )
                if expected == nil {
                    model.hostnames[xname] = "h\(step)"
                    model.macs[xname] = mac
                }
            case 6:
                let expected: Refusal.Reason? = model.hostnames[xname] == nil ? .notFound : nil
                #expect(try await refusal { try await inventory.delete(.computeNode, xname) }?.reason == expected)
                model.hostnames[xname] = nil
                model.macs[xname] = nil
            case 7:
                let text =
                    #"{"xname":"\#(bmc)","username":"u\#(step)","password":"p","mac_address":"06:00:00:00:00:0\#(slot / 2)"}"#
                let expected: Refusal.Reason? = model.usernames[bmc] == nil ? .notFound : nil
                #expect(try await refusal { try await inventory.replace(.bmc, bmc, text) }?.reason == expected)
                if expected == nil { model.usernames[bmc] = "u\(step)" }
            case 8:
                let isUsed = model.hostnames.keys.contains { $0.hasPrefix(bmc + "n") }
                let expected: Refusal.Reason? = model.usernames[bmc] == nil ? .notFound : isUsed ? .conflict : nil
                #expect(try await refusal { try await inventory.delete(.bmc, bmc) }?.reason == expected)
                if expected == nil { model.usernames[bmc] = nil }
            default:
                guard step % 4 == 0 else { continue }
                _ = try await inventory.store.takeSnapshot()
                let before = inventory.contents
                inventory = try await inventory.reopened()
                stores.append(inventory)
                #expect(inventory.contents == before)
            }
            try check(inventory, model)
        }
    }

    private func check(_ inventory: StoreUnderTest, _ model: Model) throws {
        #expect(inventory.store.count(.computeNode) == model.hostnames.count)
        #expect(inventory.store.count(.bmc) == model.usernames.count)
        for (xname, hostname) in model.hostnames {
            let node = try #require(try inventory.get(.computeNode, xname))
            #expect(node.text("/hostname") == hostname)
            let bmc = String(xname.prefix { $0 != "n" })
            #expect((node.text("/bmc/username") ?? "") == model.usernames[bmc])
        }
        for (xname, mac) in model.macs {
            #expect(try inventory.get(.computeNode, mac)?.text("/xname") == xname)
        }
    }
}
