import ArgumentParser
import Foundation
import Yams

/// Gives a command's options values from its configuration file and from the environment.
///
/// Both become arguments in front of those of the command line, so that one parser reads and checks all of them. An
/// option that the command line has is taken from nowhere else; the environment comes before the file.
struct SettingSources<Command: ParsableCommand> {
    /// What every variable of the environment begins with.
    private static var prefix: String { "NODE_ORCHESTRATOR_" }

    /// The command's options by name, with whether they are flags.
    private let options: [String: Bool]

    init(_ command: Command.Type) {
        options = Dictionary(
            uniqueKeysWithValues: Mirror(reflecting: Command()).children.compactMap { child in
                guard let label = child.label, label.hasPrefix("_") else { return nil }
                return (Self.kebabCase(label.dropFirst()), child.value is Flag<Bool>)
            }
        )
    }

    private static func kebabCase(_ name: Substring) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "-\($1.lowercased())" : String($1) }
    }

    /// The arguments of the command line, with what the other sources say in front of them.
    ///
    /// - Throws: ``ValidationError`` that names the source.
    func arguments(_ commandLine: [String], environment: [String: String]) throws -> [String] {
        let given = Set(
            commandLine.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2).prefix { $0 != "=" }) }
        )
        let variables = try self.variables(environment).filter { !given.contains($0.option) }
        let path = Self.value(of: "config", in: commandLine) ?? variables.last { $0.option == "config" }?.values.last
        let known = given.union(variables.map(\.option))
        let file = try path.map(settings(ofFile:))?.filter { !known.contains($0.option) } ?? []
        return (file + variables).flatMap(\.arguments) + commandLine
    }

    private static func value(of option: String, in arguments: [String]) -> String? {
        for (index, argument) in arguments.enumerated() {
            if argument == "--\(option)" { return arguments.dropFirst(index + 1).first }
            if argument.hasPrefix("--\(option)=") { return String(argument.dropFirst(option.count + 3)) }
        }
        return nil
    }

    /// What one source says of one option.
    private struct Setting {
        var option: String
        var values: [String]
        var isFlag: Bool

        var arguments: [String] {
            isFlag ? (values == ["true"] ? ["--\(option)"] : []) : values.map { "--\(option)=\($0)" }
        }
    }

    private func setting(_ option: String, _ values: [String], from source: String) throws -> Setting {
        let setting = Setting(option: option, values: values, isFlag: options[option] == true)
        if setting.isFlag, values != ["true"], values != ["false"] {
            throw ValidationError("\(source): \(option) is true or false, not \(values.joined(separator: ", ")).")
        }
        if option != "config" {
            do {
                _ = try Command.parse(setting.arguments)
            } catch {
                throw ValidationError("\(source): \(Command.message(for: error))")
            }
        }
        return setting
    }

    private func variables(_ environment: [String: String]) throws -> [Setting] {
        try options.keys.sorted().compactMap { option in
            let name = Self.prefix + option.uppercased().replacing("-", with: "_")
            guard let value = environment[name] else { return nil }
            return try setting(option, [value], from: "the variable \(name)")
        }
    }

    private func settings(ofFile path: String) throws -> [Setting] {
        let source = "the configuration file \(path)"
        let mapping: Node.Mapping
        do {
            // JSON is YAML too.
            guard let root = try Yams.compose(yaml: String(contentsOf: URL(filePath: path), encoding: .utf8)) else {
                return []
            }
            guard let found = root.mapping else { throw ValidationError("\(source) does not hold keys with values.") }
            mapping = found
        } catch let error as ValidationError {
            throw error
        } catch {
            throw ValidationError("\(source) cannot be read: \(error)")
        }
        return try mapping.map { key, value in
            let option = key.string ?? ""
            guard options[option] != nil, option != "config" else {
                let known = options.keys.filter { $0 != "config" }.sorted().joined(separator: ", ")
                throw ValidationError("\(source): there is no key \(option); there are \(known).")
            }
            let values = value.sequence?.compactMap(\.scalar?.string) ?? [value.scalar?.string].compactMap(\.self)
            return try setting(option, values, from: source)
        }
    }
}
