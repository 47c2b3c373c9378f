import Foundation

extension Date {
    /// The time as headers have it (RFC 9110, section 5.6.7).
    var httpText: String {
        var time = time_t(timeIntervalSince1970)
        var parts = tm()
        gmtime_r(&time, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            let length = strftime(text.baseAddress, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return String(decoding: UnsafeRawBufferPointer(text)[..<length], as: UTF8.self)
        }
    }
}
