import Foundation
import Inventory
import Records
import Synchronization
import Tables

/// The views of the one log: the directory, the projection, and the requests that were done. Changes come into effect here and
/// nowhere else.
final class Views: Sendable {
    let projection: Projection
    let requests = DoneRequests()
    private let writer: DirectoryWriter
    private let state = Mutex(State())

    private struct State {
        var position = ChainPoint.beginning
        var recordings: [Recording] = []
    }

    init(_ writer: DirectoryWriter, _ projection: Projection) {
        self.writer = writer
        self.projection = projection
    }

    var directory: Directory { writer.directory }

    /// The last transaction that is in effect.
    var position: ChainPoint { state.withLock(\.position) }

    /// Brings changes into effect, in one step for every reader.
    ///
    /// - Parameters:
    ///   - position: The transaction that they are of; where they are a part of what several have made of resources, the last of
    ///     those.
    ///   - request: The request that asked for them, where it has a key.
    func apply(_ changes: [Change], through position: ChainPoint, of request: DoneRequest? = nil) {
        let recordings = state.withLock(\.recordings)
        for recording in recordings { recording.add(changes, before: directory) }
        if let request { requests.add(request) }
        writer.apply(changes, through: position)
        projection.enqueue(changes, through: position)
        state.withLock { $0.position = position }
    }

    /// Begins with a snapshot.
    ///
    /// - Returns: Fields of its files that this version does not have, as paths such as `ComputeNode.bmc.colour`.
    /// - Throws: When the files do not hold what they should; there is nothing then.
    func load(_ snapshot: Snapshot) async throws -> Set<String> {
        try await projection.load(snapshot, into: writer)
    }

    /// Makes room for a number of resources of a kind.
    func reserve(_ kind: Kind, count: Int) { writer.reserve(kind, count: count) }

    /// Says what the last transaction is that is in effect, where no change says it.
    func begin(at position: ChainPoint) {
        writer.begin(at: position)
        projection.begin(at: position)
        state.withLock { $0.position = position }
    }

    /// What a log has made of resources, as changes of what is in effect.
    ///
    /// - Parameter latest: Each resource once.
    /// - Returns: The changes, and fields that this version does not have, as paths such as `ComputeNode.bmc.colour`; they
    ///   are left out.
    /// - Throws: ``StoredFormatError`` where a document cannot be read.
    func changes(to latest: some Sequence<JournalChange>) throws -> (changes: [Change], unknown: Set<String>) {
        var unknown: Set<String> = []
        let changes = try latest.compactMap { made -> Change? in
            let id = made.resource
            let before = directory.resource(id.kind, id: id.id)
            if before == nil, made.stored == nil { return nil }
            var change = Change(
                resource: id,
                stored: made.stored,
                indexBefore: before.map { IndexEntry(of: Document(stored: $0.document, id.kind)) },
                index: nil
            )
            if let stored = made.stored {
                var leftOut: Set<String> = []
                let document = try id.kind.readable(stored.document, unknown: &leftOut)
                change.index = IndexEntry(of: document)
                // Another version may have written its fields in another order.
                if document.bytes != stored.document { change.stored?.document = document.bytes }
                unknown.formUnion(leftOut)
            }
            return change
        }
        return (changes, unknown)
    }

    // MARK: Recording

    /// Begins to record what resources are before they change; only whoever brings changes into effect may ask for it.
    func beginRecording() -> Recording {
        state.withLock { state in
            let recording = Recording(after: state.position.sequence)
            state.recordings.append(recording)
            return recording
        }
    }

    func end(_ recording: Recording) {
        state.withLock { $0.recordings.removeAll { $0 === recording } }
    }
}
