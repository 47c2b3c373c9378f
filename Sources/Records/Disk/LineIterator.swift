import Foundation

/// Goes through the lines of a file.
package struct LineIterator: IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    /// Where the next line begins.
    private(set) var offset = 0
    /// The number of the last line, from 1.
    package private(set) var number = 0

    package init(_ bytes: UnsafeRawBufferPointer, from offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    /// A line, by its place in the file.
    package struct Line {
        package var number: Int
        /// Without the newline.
        package var range: Range<Int>
        /// Whether a newline ends it.
        package var isComplete: Bool

        /// Where the next line begins.
        package var end: Int { range.upperBound + (isComplete ? 1 : 0) }

        /// The line itself.
        package func bytes(in file: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: file[range])
        }
    }

    package mutating func next() -> Line? {
        guard offset < bytes.count, let base = bytes.baseAddress else { return nil }
        number += 1
        let start = offset
        guard let newline = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start) else {
            offset = bytes.count
            return Line(number: number, range: start..<bytes.count, isComplete: false)
        }
        let end = base.distance(to: UnsafeRawPointer(newline))
        offset = end + 1
        return Line(number: number, range: start..<end, isComplete: true)
    }
}
