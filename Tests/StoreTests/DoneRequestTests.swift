import Foundation
import Inventory
import Records
import Testing

@testable import Store

@Suite("Requests that were done")
struct DoneRequestTests {
    private static let now = Timestamp(millisecondOf: Date())

    private static func request(_ number: UInt64, hoursAgo: Int64 = 0, scope: UInt64? = nil) -> DoneRequest {
        DoneRequest(
            scope: Hash128(high: scope ?? number, low: 0),
            request: Hash128(high: 0, low: number),
            sequence: number,
            time: Timestamp(microseconds: now.microseconds - hoursAgo * 3_600_000_000)
        )
    }

    @Test("are known for a day, also where no other has come since")
    func age() {
        let requests = DoneRequests()
        requests.add(Self.request(1, hoursAgo: 25))
        requests.add(Self.request(2, hoursAgo: 23))
        #expect(requests.request(Self.request(1).scope) == nil)
        #expect(requests.request(Self.request(2).scope)?.sequence == 2)
        requests.add(Self.request(3))
        #expect(requests.all(through: .max).map(\.sequence) == [2, 3])
        #expect(requests.all(through: 2).map(\.sequence) == [2])
    }

    @Test("are 100,000 at most, the last ones")
    func count() {
        let requests = DoneRequests()
        for number in 1...100_010 as ClosedRange<UInt64> { requests.add(Self.request(number)) }
        #expect(requests.all(through: .max).count == 100_000)
        #expect(requests.request(Self.request(10).scope) == nil)
        #expect(requests.request(Self.request(11).scope)?.sequence == 11)
    }

    @Test("give way to a later one of the same key, which outlives them")
    func again() {
        let requests = DoneRequests()
        requests.add(Self.request(1, hoursAgo: 24, scope: 7))
        requests.add(Self.request(2, hoursAgo: 1, scope: 7))
        requests.add(Self.request(3))
        requests.add(Self.request(4, hoursAgo: -1))
        #expect(requests.request(Hash128(high: 7, low: 0))?.sequence == 2)
    }
}
