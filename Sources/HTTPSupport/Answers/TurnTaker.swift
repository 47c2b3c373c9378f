import Hummingbird

/// A writer of answers that has long ones made piece by piece, by turns.
protocol TurnTaker: ResponseBodyWriter {
    /// The size of the next piece, in bytes: large ones cost less, but each client that does not read holds two.
    var pieceSize: Int { get }

    /// Waits until the next piece may be made; it is made at once then, and written.
    mutating func takeTurn() async throws
}
