import Yams

extension YamlError {
    /// What is wrong and where, without the line of the file that the library's own text quotes: it may have a password in it.
    var problem: String {
        switch self {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line), column \(mark.column): \(problem)"
        case .reader(let problem, _, _, _), .writer(let problem), .emitter(let problem), .representer(let problem):
            problem
        case .duplicatedKeysInMapping(let names, let context):
            "line \(context.mark.line): \(names.joined(separator: ", ")) is there twice"
        case .no, .memory, .dataCouldNotBeDecoded: "it is not UTF-8, or too large"
        }
    }
}
