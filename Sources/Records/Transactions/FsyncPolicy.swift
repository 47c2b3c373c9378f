/// When what is written is brought to stable storage.
package enum FsyncPolicy: Sendable, Equatable {
    /// Before it is answered.
    case always
    /// After so long at most.
    case interval(Duration)
    /// When the operating system does.
    case never
}
