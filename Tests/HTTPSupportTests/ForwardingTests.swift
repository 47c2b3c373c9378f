import HTTPTypes
import Testing

@testable import HTTPSupport

@Suite("What proxies say of a request")
struct ForwardingTests {
    private static let proxies = TrustedProxies(
        ["10.0.0.0/8", "fd00::/8", "192.0.2.1"].compactMap { AddressRange($0).map(TrustedProxy.network) }
    )

    private static func forwarding(by peer: String = "10.0.0.1", _ headers: [String: String]) -> Forwarding? {
        var fields = HTTPFields()
        for (name, value) in headers { fields[HTTPField.Name(name)!] = value }
        return proxies.forwarding(by: HostAddress(peer).map(Peer.host), fields)
    }

    @Test("counts only from those that are trusted")
    func trust() {
        let word = ["X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "a.example", "X-Forwarded-Prefix": "/a"]
        for peer in ["10.0.0.1", "10.255.255.255", "192.0.2.1", "fd12::1", "::ffff:10.0.0.1"] {
            #expect(Self.forwarding(by: peer, word)?.address == "203.0.113.9", "\(peer)")
            #expect(Self.forwarding(by: peer, word)?.base == "//a.example/a", "\(peer)")
        }
        for peer in ["11.0.0.1", "192.0.2.2", "fe00::1", "::1"] { #expect(Self.forwarding(by: peer, word) == nil) }
        #expect(Self.proxies.forwarding(by: .socket, [:]) == nil)
        #expect(
            TrustedProxies([.socket]).forwarding(by: .socket, [.xForwardedFor: "203.0.113.9"])?.address == "203.0.113.9"
        )
        #expect(TrustedProxies([.socket]).forwarding(by: .host(HostAddress("10.0.0.1")!), [:]) == nil)
        #expect(TrustedProxies.none.forwarding(by: .host(HostAddress("10.0.0.1")!), [:]) == nil)
    }

    @Test(
        "says whose it is, back to the first who is not trusted",
        arguments: [
            ("X-Forwarded-For", "203.0.113.9", "203.0.113.9"), ("X-Forwarded-For", "203.0.113.9:4711", "203.0.113.9"),
            ("X-Forwarded-For", "[2001:db8::1]:4711", "2001:db8::1"),
            ("X-Forwarded-For", "2001:DB8:0::1", "2001:db8::1"),
            ("X-Forwarded-For", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
            ("X-Forwarded-For", "1.1.1.1, 203.0.113.9 ,10.0.0.2", "203.0.113.9"),
            ("X-Forwarded-For", "10.0.0.3, 10.0.0.2", "10.0.0.3"), ("X-Forwarded-For", "", "10.0.0.1"),
            ("X-Forwarded-For", "1.1.1.1,,10.0.0.2", "1.1.1.1"), ("X-Forwarded-For", "unknown", "unknown"),
            ("Forwarded", "for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("Forwarded", #"For="[2001:db8:cafe::17]:4711""#, "2001:db8:cafe::17"),
            ("Forwarded", #"for=1.1.1.1, for="_a,\"b", for=10.0.0.2"#, #"_a,"b"#),
            ("Forwarded", "for=1.1.1.1 ; proto=https,for=10.9.9.9", "1.1.1.1"),
            ("Forwarded", "proto=https", "10.0.0.1"),
            ("Forwarded", ";;=,\"", "10.0.0.1"),
        ]
    )
    func clients(header: String, value: String, address: String) {
        #expect(Self.forwarding([header: value])?.address == address)
    }

    @Test("does not count where the two ways to say it disagree, since one of them may be the client's")
    func disagreement() {
        let links = ["X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example", "X-Forwarded-Prefix": "/a"]
        let both = { (forwarded: String, older: String) in
            Self.forwarding(links.merging(["Forwarded": forwarded, "X-Forwarded-For": older]) { $1 })
        }
        let spoofed = both("for=1.1.1.1;host=evil.example", "203.0.113.9")
        #expect(spoofed?.address == "10.0.0.1" && spoofed?.base == "")
        let agreed = both("for=1.1.1.1, for=203.0.113.9;host=b.example", "203.0.113.9")
        #expect(agreed?.address == "203.0.113.9" && agreed?.base == "//b.example/a")
    }

    @Test(
        "does not count where a quote has no end, since a client may have begun it before what the proxies say",
        arguments: [
            #"for=1.2.3.4;host=evil.example;proto=https;x=", for=203.0.113.9;host=real.example"#,
            #"for=1.2.3.4;host=evil.example;x="\", for=203.0.113.9;host=real.example"#,
            #"for=1.2.3.4;host=evil.example;x="a\\\"b, for=203.0.113.9;host=real.example"#,
            #"for=203.0.113.9;host=real.example;x=""#, #"for=203.0.113.9;host=real.example;x="\"#,
        ]
    )
    func endlessQuote(forwarded: String) {
        for older in [nil, "203.0.113.9"] {
            var headers = ["Forwarded": forwarded, "X-Forwarded-Host": "b.example", "X-Forwarded-Prefix": "/b"]
            headers["X-Forwarded-For"] = older
            let found = Self.forwarding(headers)
            #expect(found?.address == "10.0.0.1" && found?.network == "10.0.0.1" && found?.base == "", "\(forwarded)")
        }
    }

    @Test("says whose it is, however long a list its client has sent")
    func longLists() {
        let words = { (word: String) in Array(repeating: word, count: 8_000).joined(separator: ", ") }
        for headers in [
            ["X-Forwarded-For": "\(words("1.1.1.1")), 203.0.113.9, 10.0.0.2"],
            ["Forwarded": "\(words("for=1.1.1.1")), for=\"203.0.113.9\", for=10.0.0.2"],
        ] { #expect(Self.forwarding(headers)?.address == "203.0.113.9") }
        #expect(Self.forwarding(["X-Forwarded-For": words("10.0.0.2")])?.address == "10.0.0.2")
    }

    @Test(
        "says what links begin with",
        arguments: [
            ([:], ""), (["X-Forwarded-Prefix": "/inv/"], "/inv"),
            (["X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example:444"], "https://a.example:444"),
            (
                ["X-Forwarded-Proto": "HTTPS", "X-Forwarded-Host": "[fd00::1]", "X-Forwarded-Prefix": "/i"],
                "https://[fd00::1]/i"
            ),
            (["X-Forwarded-Proto": "https"], ""), (["X-Forwarded-Host": "a.example"], "//a.example"),
            (["Forwarded": "proto=https;host=\"a.example:444\"", "X-Forwarded-Host": "b"], "https://a.example:444"),
            // What leads elsewhere.
            (["X-Forwarded-Proto": "javascript", "X-Forwarded-Host": "a.example"], "//a.example"),
            (["X-Forwarded-Host": "a/b"], ""), (["X-Forwarded-Host": "u@a"], ""), (["X-Forwarded-Host": ""], ""),
            (["X-Forwarded-Prefix": "//evil.example"], ""), (["X-Forwarded-Prefix": "https://evil.example"], ""),
            (["X-Forwarded-Prefix": "/a>; rel=x"], ""),
            // Behind two proxies, the client before them says things too.
            (
                [
                    "X-Forwarded-For": "203.0.113.9, 10.0.0.2", "X-Forwarded-Host": "c, a, b",
                    "X-Forwarded-Prefix": "/c,/a,/b",
                ],
                "//a/a/b"
            ), (["X-Forwarded-For": "203.0.113.9, 10.0.0.2", "X-Forwarded-Host": "a"], "//a"),
            (["Forwarded": "for=1.1.1.1;host=c, for=203.0.113.9;host=a;proto=https, for=10.0.0.2;host=b"], "https://a"),
        ] as [([String: String], String)]
    )
    func links(headers: [String: String], base: String) {
        #expect(Self.forwarding(headers)?.base == base)
    }

    @Test("comes of addresses, and networks of them")
    func ranges() {
        for text in [
            "", "10", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "a.example", "10.0.0.0/8/8",
        ] {
            #expect(AddressRange(text) == nil, "\(text)")
        }
        for text in ["0.0.0.0/0", "::/0", "10.1.2.3/8", "fe80::1"] { #expect(AddressRange(text) != nil, "\(text)") }
        let all = TrustedProxies([.network(AddressRange("0.0.0.0/0")!)])
        #expect(all.contain(HostAddress("255.1.2.3")!) && !all.contain(HostAddress("fd00::1")!))
    }
}
