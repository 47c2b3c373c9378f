extension Duration {
    /// The duration as logs show it, such as `12.3 ms`.
    package var inMilliseconds: String {
        let tenths = Int((self / .microseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}
