import Foundation

extension Benchmark {
    mutating func writes(_ server: Server, _ references: References) throws {
        let sync = try Limits.sync(in: folder)
        let connections = 64
        let unsynced = Server(data: folder.appending(path: "unsynced"))
        try unsynced.start(["--fsync", "never"])
        var (posted, patched, limits) = ([Double](), [Double](), [Double]())
        for turn in 0..<Self.turns {
            posted.append(try Self.posts(server, connections, turn))
            patched.append(try Self.patches(server, connections, references, turn))
            limits.append(try Self.posts(unsynced, connections, turn))
        }
        unsynced.stop()
        let (posts, patches, limit) = (posted.median, patched.median, limits.median)
        let bySync = Double(connections) / sync.inSeconds
        table.add("POST, requests/s", posts, min(limit, bySync), atLeast: 0.7)
        table.add("PATCH, requests/s", patches, posts, atLeast: 0.9)
    }

    static func posts(_ server: Server, _ connections: Int, _ turn: Int) throws -> Double {
        try Writers.run(
            port: server.port,
            token: server.token(),
            connections: connections,
            seconds: 1
        ) { connection, index in
            let mac = String(1 << 40 | turn << 32 | connection << 24 | index, radix: 16)
            let padded = String(repeating: "0", count: 12 - mac.count) + mac
            let pairs = stride(from: 0, to: 12, by: 2).map { padded.dropFirst($0).prefix(2) }.joined(separator: ":")
            let body = """
                {"hostname":"new\(turn)-\(connection)-\(index)","architecture":"x86_64","boot_mac":"\(pairs)",\
                "network_interfaces":[{"interface_name":"eth0","mac_address":"\(pairs)","ipv4_address":"10.9.8.7",\
                "description":"node management"}],"location_string":"row 1, rack 2, slot 3"}
                """
            return ("POST", "/ComputeNode", body)
        }
    }

    private static func patches(_ server: Server, _ connections: Int, _ references: References, _ turn: Int) throws
        -> Double
    {
        let ids = references.ids
        return try Writers.run(
            port: server.port,
            token: server.token(),
            connections: connections,
            seconds: 1
        ) { connection, index in
            let id = ids[(index * connections + connection) % ids.count]
            return ("PATCH", "/ComputeNode/\(id)", #"{"description":"\#(turn), \#(index)"}"#)
        }
    }
}
