import Foundation

extension Error {
    /// Why the system refused something to Foundation, in the system's words, such as `No such file or directory`; Foundation's
    /// own words for what the system has no part in.
    package var systemReason: String {
        let error = self as NSError
        let cause = (error.userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError } ?? error
        guard cause.domain == NSPOSIXErrorDomain else { return error.localizedDescription }
        return String(cString: strerror(Int32(cause.code)))
    }
}
