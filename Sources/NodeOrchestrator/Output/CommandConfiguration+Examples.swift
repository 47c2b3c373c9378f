import ArgumentParser

extension CommandConfiguration {
    /// A command whose help ends with examples.
    ///
    /// - Parameter examples: What follows the program's name, up to 60 characters, which help does not break.
    init(commandName: String, abstract: String, discussion: String = "", examples: [String]) {
        let lines = ["EXAMPLES:"] + examples.map { "  node-orchestrator \($0)" }
        self.init(
            commandName: commandName,
            abstract: abstract,
            discussion: "\(discussion)\(discussion.isEmpty ? "" : "\n\n")\(lines.joined(separator: "\n"))"
        )
    }
}
