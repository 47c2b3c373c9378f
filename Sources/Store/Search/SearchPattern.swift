import DuckDB

/// A pattern of a search in the spelling of a field, as something that DuckDB finds out.
enum SearchPattern: Sendable, Equatable {
    /// Any text.
    case any
    case prefix(String)
    case suffix(String)
    case part(String)
    /// Any other pattern, in the form that ``matches(_:_:)`` takes.
    case glob(String)

    init(_ pattern: SearchText.Pattern) {
        let (isOpenBefore, isOpenBehind) = (pattern.first == .anyRun, pattern.last == .anyRun)
        let pattern = pattern.merged
        let rest = pattern.filter { $0 != .anyRun }
        guard rest.count + (isOpenBefore ? 1 : 0) + (isOpenBehind ? 1 : 0) == pattern.count,
            case .text(let text)? = rest.first, rest.count == 1
        else {
            self = pattern == [.anyRun] ? .any : .glob(Self.glob(pattern))
            return
        }
        self =
            switch (isOpenBefore, isOpenBehind) {
            case (true, true): .part(text)
            case (true, false): .suffix(text)
            case (false, true): .prefix(text)
            case (false, false): .glob(Self.glob(pattern))
            }
    }

    private static func glob(_ pieces: SearchText.Pattern) -> String {
        pieces.reduce(into: "") { glob, piece in
            switch piece {
            case .anyRun: glob += "*"
            case .anyCharacter: glob += "?"
            case .text(let text):
                for character in text.unicodeScalars {
                    if "*?\\".unicodeScalars.contains(character) { glob += "\\" }
                    glob.unicodeScalars.append(character)
                }
            }
        }
    }

    /// What is looked for, as far as the statement has to have it.
    var text: String {
        switch self {
        case .any: ""
        case .prefix(let text), .suffix(let text), .part(let text), .glob(let text): text
        }
    }

    /// The condition in SQL that an expression matches.
    ///
    /// - Parameter text: An expression that has ``text``.
    func sql(_ value: String, _ text: String) -> String {
        switch self {
        case .any: "\(value) IS NOT NULL"
        case .prefix: "starts_with(\(value), \(text))"
        case .suffix: "ends_with(\(value), \(text))"
        case .part: "contains(\(value), \(text))"
        case .glob: "\(Self.functionName)(\(value), \(text))"
        }
    }

    // MARK: Globs

    private static let functionName = "matches_glob"

    /// Gives a database the function that the conditions need.
    static func addFunction(to connection: Connection) throws(DuckDBError) {
        let columns = ["text", "glob"].map { QueryResult.Column(name: $0, type: .varchar) }
        try connection.addFunction(functionName, of: columns) { rows, answers, isInterrupted in
            let (texts, globs) = (rows[0], rows[1])
            for row in 0..<rows.count {
                answers[row] = try !texts.isNull(row) && matches(texts.bytes(row), globs.bytes(row), isInterrupted)
            }
        }
    }

    /// How many characters are compared at least before it is asked whether the statement is interrupted.
    private static let interruptionInterval = 1 << 16

    /// Whether a text matches a pattern of `*` for any characters, `?` for one, and others for themselves, as is each that
    /// follows a backslash.
    ///
    /// What a `*` stands for is made longer from the last one on alone, which finds a match where there is one: what
    /// stands before it can be left as short as it is.
    ///
    /// - Parameters:
    ///   - text: UTF-8.
    ///   - glob: UTF-8.
    ///   - isInterrupted: Whether to stop.
    /// - Throws: `CancellationError` then.
    /// - Complexity: O(*text* × *glob*)
    static func matches(
        _ text: UnsafeRawBufferPointer,
        _ glob: UnsafeRawBufferPointer,
        _ isInterrupted: () -> Bool = { false }
    ) throws -> Bool {
        var (place, step) = (0, 0)
        var count = 0
        // Behind the last `*`, and where in the text that goes on.
        var star: (step: Int, place: Int)?
        while place < text.count {
            count += 1
            if count % interruptionInterval == 0, isInterrupted() { throw CancellationError() }
            let literal = step < glob.count && glob[step] == UInt8(ascii: "\\") ? step + 1 : step
            if literal < glob.count, literal > step || glob[step] != UInt8(ascii: "*") {
                if literal == step, glob[step] == UInt8(ascii: "?") {
                    (place, step) = (text.character(after: place), step + 1)
                    continue
                }
                if text[place] == glob[literal] {
                    (place, step) = (place + 1, literal + 1)
                    continue
                }
            } else if step < glob.count {
                star = (step + 1, place)
                step += 1
                continue
            }
            guard let last = star else { return false }
            place = text.character(after: last.place)
            star = (last.step, place)
            step = last.step
        }
        while step < glob.count, glob[step] == UInt8(ascii: "*") { step += 1 }
        return step == glob.count
    }
}

extension UnsafeRawBufferPointer {
    /// Where the character after one begins, in UTF-8.
    fileprivate func character(after place: Int) -> Int {
        var next = place + 1
        while next < count, self[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}
