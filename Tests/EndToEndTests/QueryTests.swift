import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

@Suite("Queries", .timeLimit(.minutes(5)))
struct QueryTests {
    private static func node(_ slot: Int) -> String {
        #"{"hostname":"n\#(slot)","architecture":"x86_64","xname":"x1000c0s\#(slot)b0n0","#
            + #""network_interfaces":[{"interface_name":"eth0","mac_address":"02:00:00:00:00:\#(slot + 10)"},"#
            + #"{"interface_name":"eth1","mac_address":"02:00:00:00:01:\#(slot + 10)"}],"#
            + #""bmc":{"xname":"x1000c0s\#(slot)b0","username":"u","password":"secret \#(slot)","#
            + #""mac_address":"02:00:00:00:02:\#(slot + 10)"}}"#
    }

    /// Workers come last, and all tests run at once.
    private static let patient = ["--query-timeout", "4m"]

    /// A server with four nodes, created by the transactions 1 to 4.
    private func filled(_ arguments: String...) async throws -> ServerProcess {
        let server = try await ServerProcess(in: Workspace(), Self.patient + arguments)
        for slot in 0..<4 { #expect(try server.write("POST", "/ComputeNode", Self.node(slot)).status == 201) }
        return server
    }

    @Test("see every write that was answered before them, without a snapshot, on one, and after a restart")
    func now() async throws {
        let server = try await filled()
        let names = "SELECT hostname FROM compute_nodes ORDER BY hostname"
        #expect(try server.rows(names) == [["n0"], ["n1"], ["n2"], ["n3"]])
        for round in 0..<20 {
            if round == 10 { #expect(try server.write("POST", "/snapshots").status == 201) }
            let body = #"{"hostname":"m\#(round)"}"#
            #expect(try server.write("PATCH", "/ComputeNode/x1000c0s0b0n0", body).status == 200)
            #expect(
                try server.rows("SELECT hostname FROM compute_nodes WHERE xname = ?", ["x1000c0s0b0n0"]) == [
                    [.string("m\(round)")]
                ]
            )
        }
        #expect(try server.write("DELETE", "/ComputeNode/x1000c0s1b0n0").status == 204)
        #expect(try server.rows(names) == [["m19"], ["n2"], ["n3"]])
        #expect(server.stop() == 0)
        let again = try await ServerProcess(in: server.workspace, Self.patient)
        #expect(try again.rows(names) == [["m19"], ["n2"], ["n3"]])
        #expect(try again.write("POST", "/ComputeNode", Self.node(1)).status == 201)
        #expect(try again.rows("SELECT count(*), max(_version) > 4 FROM compute_nodes") == [[4, true]])
    }

    @Test("give as many interfaces as there are, and join kinds")
    func joins() async throws {
        let server = try await filled()
        let interfaces = try server.rows(
            "SELECT compute_node_xname, mac_address FROM network_interfaces WHERE interface_name = 'eth1' ORDER BY ALL"
        )
        #expect(interfaces.count == 4)
        #expect(interfaces.first == ["x1000c0s0b0n0", "02:00:00:00:01:10"])
        let joined = try server.rows(
            "SELECT n.hostname, b.xname FROM compute_nodes n JOIN bmcs b ON n.bmc.id = b.id ORDER BY 1 LIMIT 1"
        )
        #expect(joined == [["n0", "x1000c0s0b0"]])
    }

    @Test("read a moment of the past, named by number, time or snapshot")
    func moments() async throws {
        let server = try await filled()
        let count = "SELECT count(*) FROM compute_nodes"
        #expect(try server.rows(count, at: 2) == [[2]])
        let snapshot = try JSONValue(parsing: server.write("POST", "/snapshots").body)
        #expect(try server.write("DELETE", "/ComputeNode/x1000c0s3b0n0").status == 204)
        #expect(try server.write("PATCH", "/ComputeNode/x1000c0s0b0n0", #"{"hostname":"m"}"#).status == 200)
        #expect(try server.rows(count) == [[3]])
        let moments: [JSONValue] = [try #require(snapshot["id"]), try #require(snapshot["created_at"]), 4]
        for moment in moments { #expect(try server.rows(count, at: moment) == [[4]]) }
        #expect(try server.rows("SELECT hostname FROM compute_nodes WHERE hostname < 'n'", at: 5) == [])
        #expect(try server.rows("SELECT max(sequence), count(*) FROM changes", at: 2) == [[2, 4]])
        #expect(try server.rows("SELECT count(*) FROM snapshots", at: 3) == [[0]])
        #expect(try server.query(count, at: 99).status == 400)
        // Before the first transaction there was nothing.
        #expect(try server.rows(count, at: "2020-01-01T00:00:00Z") == [[0]])
        #expect(try server.query(count, at: "yesterday").status == 400)
        // The next is as of now again.
        #expect(try server.rows(count) == [[3]])
    }

    @Test("read all snapshots at once, while there are any")
    func history() async throws {
        let server = try await filled()
        #expect(try server.rows("SELECT count(*) FROM history_compute_nodes") == [[0]])
        let first = try JSONValue(parsing: server.write("POST", "/snapshots").body)
        #expect(try server.write("DELETE", "/ComputeNode/x1000c0s3b0n0").status == 204)
        #expect(try server.write("POST", "/snapshots").status == 201)
        let counts = "SELECT snapshot, count(*) FROM history_compute_nodes GROUP BY ALL ORDER BY 1"
        #expect(try server.rows(counts).map { $0.array.last } == [4, 3])
        let listed = try server.rows("SELECT id, sequence, resources FROM snapshots ORDER BY sequence")
        #expect(listed.first == [try #require(first["id"]), 4, 8])
        #expect(try server.rows("SELECT count(*) FROM history_bmcs WHERE taken_at <= now()") == [[8]])
        guard case .string(let id)? = first["id"] else {
            Issue.record("the snapshot has no id")
            return
        }
        #expect(try server.write("DELETE", "/snapshots/\(id)").status == 204)
        #expect(try server.rows(counts).map { $0.array.last } == [3])
    }

    @Test("tell who changed what, with what made it from what was before")
    func changes() async throws {
        let server = try await filled()
        let path = "/ComputeNode/x1000c0s0b0n0"
        for round in 0..<50 {
            #expect(try server.write("PATCH", path, #"{"hostname":"m\#(round)"}"#).status == 200)
            let last = try server.rows(
                "SELECT author, op, kind, patch FROM changes WHERE sequence = ?",
                [.number(JSONNumber(round + 5))]
            )
            let patch: JSONValue = [["op": "replace", "path": "/hostname", "value": .string("m\(round)")]]
            #expect(last == [["local-admin", "put", "ComputeNode", patch]])
            if round % 20 == 0 { #expect(try server.write("POST", "/snapshots").status == 201) }
        }
        #expect(try server.write("DELETE", path).status == 204)
        let last = try server.rows("SELECT op, document FROM changes ORDER BY sequence DESC LIMIT 1")
        #expect(last == [["delete", nil]])
        #expect(try server.rows("SELECT count(*), count(DISTINCT sequence) FROM changes") == [[59, 55]])
        // What is sealed begins with this.
        #expect(try server.rows("SELECT count(*) FROM changes WHERE document::VARCHAR LIKE '%\"v1.%'") == [[0]])
        #expect(try server.workspace.everyFile.contains { $0.path.hasPrefix("data/changes/") })
    }

    @Test("describe their tables as they are")
    func tables() async throws {
        let server = try await filled()
        let tables = try JSONValue(parsing: server.write("GET", "/query/tables").body).array
        #expect(tables.count > 10)
        for table in tables {
            guard case .string(let name)? = table["name"] else {
                Issue.record("a table has no name")
                continue
            }
            let found = try server.rows("SELECT column_name, column_type FROM (DESCRIBE \(name))")
            let told = try table["columns"]?.array.map { column -> JSONValue in
                .array([try #require(column["name"]), try #require(column["type"])])
            }
            // DuckDB has quotes only where it must.
            let texts = [found, told ?? []].map { JSONValue.array($0).text.replacing("\\\"", with: "") }
            #expect(texts[0] == texts[1], "\(name)")
            #expect(try server.query("SUMMARIZE \(name)").status == 200, "\(name)")
        }
        #expect(tables.first?["columns"]?.array.dropFirst().first?["description"] == "Host name.")
    }

    @Test("are answered as JSON, lines, CSV or Parquet")
    func formats() async throws {
        let server = try await filled()
        let sql =
            "SELECT 1 AS a, 'x,\"y' AS a, NULL AS n, 1.50 AS d, DATE '2026-11-26' AS day, [1, 2] AS l, {'k': 1.5} AS s, "
            + "TIMESTAMPTZ '2026-11-26 12:00:00.5+00' AS t, 'NaN'::DOUBLE AS f, 170141183460469231731687303715884105727 AS h"
        let values = try JSONValue(
            parsing: #"[1,"x,\"y",null,1.50,"2026-11-26",[1,2],{"k":1.5},"2026-11-26T12:00:00.5Z","NaN","#
                + "170141183460469231731687303715884105727]"
        )
        #expect(try server.rows(sql) == [values])
        let lines = try server.query(sql, accept: "application/x-ndjson").text.split(separator: "\n")
        try #require(lines.count == 2)
        let columns = try JSONValue(parsing: String(lines[0]))["columns"]?.array ?? []
        try #require(columns.map { $0["name"] } == ["a", "a", "n", "d", "day", "l", "s", "t", "f", "h"])
        #expect(columns[3]["type"] == "DECIMAL(3,2)")
        #expect(try JSONValue(parsing: String(lines[1])) == values)
        let csv = try server.query(sql, accept: "text/csv").text
        #expect(
            csv == """
                a,a,n,d,day,l,s,t,f,h
                1,"x,""y",,1.50,2026-11-26,"[1,2]","{""k"":1.5}",2026-11-26T12:00:00.5Z,NaN,\
                170141183460469231731687303715884105727

                """
        )
        let parquet = try server.query(
            "SELECT * FROM compute_nodes WHERE hostname <> ?",
            ["n0"],
            accept: "application/vnd.apache.parquet"
        )
        #expect(parquet.status == 200)
        #expect(parquet.body.starts(with: Array("PAR1".utf8)) && parquet.body.suffix(4) == Array("PAR1".utf8)[...])
        let odd = try server.query(
            "SELECT ? AS z, 5 AS y, .5 AS h, -.5 AS g, row(1, 2) AS r, [1, 2]::INT[2] AS a, 0.1::FLOAT AS f, "
                + "{'d': 1.5::DECIMAL(3, 1), 'f': 'NaN'::DOUBLE} AS s, E'{\n\"a\":1}'::JSON AS j",
            ["x"],
            accept: "application/x-ndjson"
        ).text.split(separator: "\n")
        try #require(odd.count == 2)
        let named = try JSONValue(parsing: String(odd[0]))["columns"]?.array.map { $0["name"]?.text ?? "" } ?? []
        #expect(named.joined() == #""z""y""h""g""r""a""f""s""j""#)
        #expect(odd[1] == #"["x",5,0.5,-0.5,[1,2],[1,2],0.1,"{\"d\":1.5,\"f\":NaN}",{"a":1}]"#)
        #expect(
            try server.query("SELECT 'a\"' || chr(769) || ',b' AS q", accept: "text/csv").text
                == "q\n\"a\"\"\u{301},b\"\n"
        )
        #expect(try server.query("SELECT repeat('x', 70000000) AS x").body.count > 70_000_000)
        #expect(try server.query("SELECT 1", accept: "text/html, application/xml").status == 406)
        #expect(
            try server.query("SELECT 1", accept: "application/json;q=0, */*").text.hasPrefix(
                "{\"sequence\":4,\"columns\":[{\"name\":\"1\",\"type\":\"INTEGER\"}]}"
            )
        )
        #expect(try server.query("SELECT 1", accept: "text/csv;q=0.5, */*;q=0.1").text == "1\n1\n")
    }

    @Test("say what is wrong with them, and where")
    func mistakes() async throws {
        let server = try await filled()
        let conditional = try server.write("POST", "/query", #"{"sql":"SELECT 1"}"#, headers: ["If-Match": "*"])
        #expect(conditional.status == 400 && conditional.text.contains("If-Match cannot be used here"))
        let parse = try server.query("SELECT hostname FRM compute_nodes WHERE")
        #expect(parse.status == 400)
        #expect(try JSONValue(parsing: parse.body)["position"] == 21)
        for (sql, part) in [
            ("SELECT hostnam FROM compute_nodes", "hostname"), ("SELECT * FROM compute_node", "compute_nodes"),
            ("SELECT 'a'::INTEGER", "Could not convert"), ("SELECT ?", "has 1 parameters"), ("", "Send one statement"),
            ("SELECT 1; SELECT 2", "Send one statement"), ("DELETE FROM bmcs", "Only a SELECT"),
        ] {
            let answer = try server.query(sql)
            #expect(answer.status == 400, "\(sql)")
            #expect(answer.text.contains(part), "\(sql): \(answer.text)")
        }
        for sql in ["SELECT 1 ; ", "SELECT DATE '2020-01-01'; -- done", "SELECT 1 -- ; done"] {
            for accept in ["text/csv", "application/vnd.apache.parquet"] {
                #expect(try server.query(sql, accept: accept).status == 200, "\(sql)")
            }
        }
        #expect(try JSONValue(parsing: server.query("SELECT 'ééé', getenv('x')").body)["position"] == 15)
        #expect(try server.rows("SELECT $2, $1", ["a", nil]) == [[nil, "a"]])
        for body in [
            "{}", "[]", #"{"sql":1}"#, #"{"sql":"SELECT 1","parms":[]}"#, #"{"sql":"SELECT 1","params":{}}"#,
            #"{"sql":"SELECT ?","params":[[1]]}"#, #"{"sql":"SELECT 1","at":true}"#,
        ] {
            #expect(try server.write("POST", "/query", body).status == 400, "\(body)")
        }
        #expect(try server.request("POST", "/query", body: "{}").status == 401)
        #expect(try server.request("GET", "/query/tables").status == 401)
    }
}
