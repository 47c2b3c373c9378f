import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import HTTPSupport

@Suite("Codings and preferences")
struct CodingTests {
    private static func request(_ headers: [HTTPField.Name: String]) -> Request {
        var fields = HTTPFields()
        for (name, value) in headers { fields[name] = value }
        let head = HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/", headerFields: fields)
        return Request(head: head, body: .init(buffer: ByteBuffer()))
    }

    @Test(
        "gzip is sent to who wants it at least as much as none",
        arguments: [
            (nil, false), ("", false), ("gzip", true), ("GZIP", true), ("x-gzip", true),
            ("deflate, gzip;q=1.0, *;q=0.5", true),
            ("gzip;q=0", false), ("gzip;q=0.0, *", false), ("*", true), ("*;q=0", false), ("br, deflate", false),
            ("gzip;q=0.5, identity", false), ("gzip;q=0.5, identity;q=0.5", true), ("gzip;q=0.5, identity;q=0.1", true),
            ("identity", false), ("identity;q=0", false), ("identity;q=0, *", true), ("gzip ; q = 0.001", true),
            ("br;q=1, gzip;q=0.8, identity;q=0.7, *;q=0", true), ("gzip;level=9;q=0", false), (",, gzip", true),
        ]
    )
    func acceptEncoding(header: String?, isGzip: Bool) {
        #expect(Self.request(header.map { [.acceptEncoding: $0] } ?? [:]).acceptsGzip == isGzip)
    }

    @Test(
        "the most exact range counts, of equal ones the one that comes first",
        arguments: [
            ("a/b", "a/b"), ("a/c", "a/c"), ("a/d", "a/c"), ("*/*", "a/b"), ("a/*", "a/b"), ("x/*", "x/y"),
            ("z/z", nil),
            ("a/c, a/b", "a/c"), ("a/c;q=0.5, a/b", "a/b"), ("*/*, a/b;q=0", "a/c"), ("a/*;q=0, */*", "x/y"),
            ("A/B;q=0.1, x/y;q=0.2", "x/y"), ("a/b;q=0", nil), ("a/b;q=2", "a/b"), ("", nil), (";;", nil),
        ]
    )
    func accept(header: String, best: String?) {
        let formats = [["a/b"], ["a/c", "a/d"], ["x/y"]]
        #expect(Preferences(header).best(of: formats) { $0 }?.first == best)
    }

    @Test("entity tags are read, and compared as each condition does")
    func entityTags() {
        #expect(EntityTags("*") == .any && EntityTags(" * ") == .any)
        for text in ["", " ", ",", "a", "\"a", "\"a\"b", "\"a\" \"b\"", "w/\"a\"", "W/a", "W/ \"a\"", "*, \"a\""] {
            #expect(EntityTags(text) == nil, "\(text)")
        }
        let tags = EntityTags("\"a\",\t,W/\"b,c\" , \"\"")
        #expect(
            tags?.match("a") == true && tags?.match("b,c") == true && tags?.match("") == true
                && tags?.match("b") == false
        )
        #expect(tags?.matchStrongly("a") == true && tags?.matchStrongly("b,c") == false)
    }

    @Test("what is compressed comes back the same, whatever the pieces", arguments: [0, 1, 1000, 64 << 10, 3_000_000])
    func roundTrip(size: Int) throws {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<size).map { _ in UInt8.random(in: 0..<8, using: &generator) }
        let deflater = Deflater()
        var compressed = ByteBuffer()
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = min(rest.count, .random(in: 1...500_000, using: &generator))
            var piece = deflater.deflate(ByteBuffer(bytes: rest.prefix(count)))
            compressed.writeBuffer(&piece)
            rest = rest.dropFirst(count)
        }
        var end = deflater.deflate(ByteBuffer(), isLast: true)
        compressed.writeBuffer(&end)
        if size > 100_000 { #expect(compressed.readableBytes < size * 2 / 3) }
        let inflater = Inflater()
        var inflated = ByteBuffer()
        while compressed.readableBytes > 0 {
            let count = min(compressed.readableBytes, .random(in: 1...100_000, using: &generator))
            inflater.append(compressed.readSlice(length: count) ?? ByteBuffer())
            while var piece = try inflater.next() {
                #expect(piece.readableBytes <= 64 << 10)
                inflated.writeBuffer(&piece)
            }
        }
        try inflater.finish()
        #expect(inflated == ByteBuffer(bytes: bytes))
    }
}
