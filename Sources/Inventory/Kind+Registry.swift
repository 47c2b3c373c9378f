extension Kind {
    /// The kinds that there are: a new one is a line here, with the next number, which it keeps since it is on disk.
    static let registry: KeyValuePairs<Int, any Resource.Type> = [
        0: ComputeNode.self,
        1: BMC.self,
        2: NodeCollection.self,
        3: Component.self,
    ]
}
