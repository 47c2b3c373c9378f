/// A number of bytes as people write it: `500kB`, `64MB`, `8GB` in powers of 1000, `64MiB` in powers of 1024.
struct ByteSizeArgument: SpelledArgument, CustomStringConvertible {
    static var forms: String {
        "a whole number with its unit, B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, such as 64MB or 8GiB"
    }

    let bytes: Int

    private static let units = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
        ("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1),
    ]
    /// Above any disk, and safe to calculate with.
    private static let maximum = 1 << 53

    init?(argument: String) {
        let text = argument.lowercased()
        guard let (suffix, unit) = Self.units.first(where: { text.hasSuffix($0.0.lowercased()) }),
            let number = Int(text.dropLast(suffix.count)), number >= 0, number <= Self.maximum / unit
        else { return nil }
        bytes = number * unit
    }

    init(bytes: Int) {
        self.bytes = bytes
    }

    var description: String {
        let unit = Self.units.filter { bytes % $0.1 == 0 }.max { $0.1 < $1.1 }
        guard bytes > 0, let unit else { return "\(bytes)B" }
        return "\(bytes / unit.1)\(unit.0)"
    }

    /// A number of bytes for people, such as `1.2 MB`, rounded down.
    static func rounded(_ bytes: Int) -> String {
        let names = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)]
        guard let (name, unit) = names.first(where: { bytes >= $0.1 }) else { return "\(bytes) B" }
        let tenths = bytes / (unit / 10)
        return "\(tenths / 10).\(tenths % 10) \(name)"
    }
}
