import HummingbirdCore
import Testing

@testable import HTTPSupport

@Suite("What the log has of a request's target")
struct LoggedTargetTests {
    @Test(
        "is the path and the names of parameters, with the values of harmless ones alone",
        arguments: [
            ("/healthz", "/healthz"), ("/events?access_token=eyJhbGciOi.J9.x", "/events?access_token=…"),
            ("/ComputeNode?hostname=nid1&limit=5", "/ComputeNode?hostname=…&limit=5"),
            (
                "/ComputeNode?at=2026-11-23T18:00:05%2B01:00&limit=",
                "/ComputeNode?at=2026-11-23T18:00:05%2B01:00&limit="
            ),
            // What has no name may be a secret as a whole.
            ("/events?hunter2", "/events?…"), ("/events?hunter2&limit", "/events?…&limit"),
            ("/events?=hunter2", "/events?=…"), ("/events?&&limit=1", "/events?&&limit=1"), ("/events?", "/events?"),
            // A name that is spelled otherwise is another one.
            ("/events?LIMIT=hunter2", "/events?LIMIT=…"), ("/events?%6cimit=hunter2", "/events?%6cimit=…"),
            // A value that is none of the parameter's.
            ("/events?limit=hunter2/../x", "/events?limit=…"), ("/events?at=a=b", "/events?at=…"),
            ("/events?limit=\(String(repeating: "1", count: 65))", "/events?limit=…"),
            ("/events?\(String(repeating: "n", count: 65))=x", "/events?\(String(repeating: "n", count: 64))…=…"),
            ("/events#access_token=x", "/events"), ("/events?limit=1#access_token=x", "/events?limit=1"),
            ("http://u:hunter2@h/events?limit=1", "/events?limit=1"), ("*", "*"),
        ] as [(String, String)]
    )
    func targets(target: String, logged: String) {
        #expect(LoggedTarget(URI(target), harmless: ["at", "limit"]).description == logged)
    }
}
