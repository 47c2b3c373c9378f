extension Collection<UInt8> {
    /// The bytes without the byte order mark of UTF-8 that they may begin with (RFC 3629, section 6).
    package var withoutByteOrderMark: SubSequence {
        first == 0xEF && starts(with: [0xEF, 0xBB, 0xBF]) ? dropFirst(3) : self[...]
    }
}
