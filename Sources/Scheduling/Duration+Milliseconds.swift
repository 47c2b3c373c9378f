extension Duration {
    /// The duration in milliseconds, to the microsecond.
    package var milliseconds: Double {
        (self / .microseconds(1)).rounded() / 1000
    }
}
