extension [String] {
    /// The element that a mistyped name most likely means: one that two edits at most, and fewer than half of the
    /// name's characters, lead to. Nil when there is none, and for names of more than 64 characters.
    package func nearest(to name: String) -> String? {
        guard (2...64).contains(name.count) else { return nil }
        let limit = Swift.min(2, (name.count - 1) / 2)
        let candidates = filter { abs($0.count - name.count) <= limit }
            .map { (name: $0, distance: editDistance($0.lowercased(), name.lowercased())) }
            .filter { $0.distance <= limit }
        return candidates.min { $0.distance < $1.distance }?.name
    }
}

/// The number of insertions, deletions, replacements and swaps of neighbours that turn one text into another.
private func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left)
    let right = Array(right)
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        for column in right.indices {
            var distance = Swift.min(previous[column + 1] + 1, current[column] + 1)
            distance = Swift.min(distance, previous[column] + (left[row] == right[column] ? 0 : 1))
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                distance = Swift.min(distance, beforePrevious[column - 1] + 1)
            }
            current.append(distance)
        }
        (beforePrevious, previous) = (previous, current)
    }
    return previous[right.count]
}
