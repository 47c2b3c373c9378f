import ArgumentParser
import Foundation
import Query
import Records

/// Asks a terminal for one statement after the other.
struct QueryPrompt {
    private let target: QueryTarget
    private let moment: Moment?
    private let output: AnswerOutput
    private let interrupts: Interrupts

    init(_ target: QueryTarget, at moment: Moment?, format: AnswerFormat?, _ interrupts: Interrupts) throws {
        self.target = target
        self.moment = moment
        self.interrupts = interrupts
        output = try AnswerOutput(format)
    }

    private static let (prompt, continuation) = ("sql> ", "...> ")
    private static let help = """
        A statement ends with ; and may have several lines. Ctrl-C gives it up, also while it is carried out.
        .tables    lists the tables; DESCRIBE NAME; lists the columns of one
        .quit      ends, as Ctrl-D does
        """
    private static let history: URL = {
        let home = ProcessInfo.processInfo.environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        return URL(filePath: home).appending(path: ".node-orchestrator_history")
    }()
    private static let keywords = """
        SELECT FROM WHERE GROUP BY ORDER LIMIT OFFSET HAVING WITH AS AND OR NOT NULL IS IN LIKE ILIKE BETWEEN JOIN LEFT RIGHT \
        INNER OUTER FULL CROSS USING ON UNION ALL DISTINCT CASE WHEN THEN ELSE END CAST DESCRIBE SUMMARIZE VALUES count sum \
        avg min max unnest regexp_extract
        """.split(separator: " ").map(String.init)

    func run() async throws {
        let tables = try await interrupts.cancelling { try await target.tables() }
        interrupts.beginPrompt()
        let words = Set(tables.map(\.name) + tables.flatMap(\.columns) + Self.keywords)
        let editor = LineEditor(history: Self.history, words: Array(words), interrupts)
        print("SQL over the inventory; .help says more.")
        while let statement = statement(editor) {
            switch statement.trimmingCharacters(in: .whitespaces) {
            case "": continue
            case ".help": print(Self.help)
            case ".tables": print(tables.map(\.name).joined(separator: "\n"))
            case ".quit", ".exit", "quit", "exit": return
            case let command where command.hasPrefix("."):
                print("There is no command \(command); .help lists the commands.")
            default:
                editor.remember(statement)
                try await carryOut(statement)
            }
        }
    }

    /// Reads lines up to the end of a statement, or of input, or a command.
    private func statement(_ editor: LineEditor) -> String? {
        var statement = ""
        while let line = editor.line(statement.isEmpty ? Self.prompt : Self.continuation) {
            // An interrupt gives the line up, and what stands before it.
            if interrupts.takePending() { return "" }
            statement += statement.isEmpty ? line : "\n\(line)"
            let text = statement.trimmingCharacters(in: .whitespacesAndNewlines)
            if text.isEmpty || text.hasPrefix(".") || text.hasSuffix(";") || ["quit", "exit"].contains(text) {
                return text
            }
        }
        return nil
    }

    private func carryOut(_ statement: String) async throws {
        do {
            let request = QueryRequest(sql: statement, moment: moment, format: output.queryFormat)
            try await interrupts.cancelling { try await output.write(request, target) }
        } catch is CancellationError {
            print("given up")
        } catch let error as ExitCode {
            throw error
        } catch {
            print("Error: \(error)")
        }
    }
}
