import Inventory

/// Where in a segment one change of a resource is.
struct ChangePlace {
    var resource: ResourceID
    var sequence: UInt64
    /// Where the line with the change begins in the file, and its length without the newline.
    var line: Int
    var lineLength: Int
    /// Where the change begins in the line; below 2^24, as lines are.
    var position: Int

    /// The same behind so many bytes more.
    func moved(by offset: Int) -> ChangePlace {
        var moved = self
        moved.line += offset
        return moved
    }
}
