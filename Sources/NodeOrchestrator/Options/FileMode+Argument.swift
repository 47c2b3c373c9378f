import Records

/// `0600`, `0640` or `0660`.
extension FileMode: SpelledArgument {
    static var forms: String { "0600, 0640 or 0660" }

    init?(argument: String) {
        guard let mode = UInt32(argument, radix: 8), [0o600, 0o640, 0o660].contains(mode) else { return nil }
        self.init(files: mode)
    }
}
