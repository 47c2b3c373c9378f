import ArgumentParser
import Foundation
import Yams

/// Gives a command's options values from its configuration file and from the environment.
///
/// Both become arguments in front of those of the command line, so that one parser reads and checks all of them. An
/// option that the command line has is taken from nowhere else; the environment comes before the file.
struct SettingSources {
    /// What every variable of the environment begins with.
    private static let prefix = "NODE_ORCHESTRATOR_"

    private let command: any ParsableCommand.Type
    /// The command's options by name.
    private let options: [String: Shape]
    /// The options of the command that configuration files are for. Another command takes from its file what it has, too.
    private let fileOptions: [String: Shape]

    /// What an option takes.
    fileprivate enum Shape {
        case flag
        case value
        case values
    }

    /// - Parameter configured: The command that configuration files are for.
    init(_ command: any ParsableCommand.Type, configured: any ParsableCommand.Type) {
        self.command = command
        options = Self.options(of: command.init())
        fileOptions = Self.options(of: configured.init())
    }

    /// The options that a command or a group of options declares, by name.
    fileprivate static func options(of arguments: any ParsableArguments) -> [String: Shape] {
        Mirror(reflecting: arguments).children.reduce(into: [:]) { options, child in
            guard let definition = child.value as? any SettingDefinition else { return }
            let name = kebabCase(child.label?.drop { $0 == "_" } ?? "")
            options.merge(type(of: definition).options(named: name)) { $1 }
        }
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
        let variables = try variables(environment).filter { !given.contains($0.option) }
        let path = configurationFile(commandLine, variables)
        let known = given.union(variables.map(\.option))
        let file = try path.map(settings(ofFile:))?.filter { !known.contains($0.option) } ?? []
        let settings = file + variables
        let arguments = settings.flatMap(\.arguments) + commandLine
        try check(settings, arguments, commandLine)
        return arguments
    }

    /// Where the command's configuration file is, if it takes one and is given one.
    private func configurationFile(_ commandLine: [String], _ variables: [Setting]) -> String? {
        guard options["config"] != nil else { return nil }
        return Self.value(of: "config", in: commandLine) ?? variables.last { $0.option == "config" }?.values.last
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
        var source: String
        var arguments: [String]
    }

    /// What stands for a flag that is given, and for one that is not, in any case.
    private static let yes: Set = ["true", "1", "yes", "on"]
    private static let no: Set = ["false", "0", "no", "off"]

    private func setting(_ option: String, _ values: [String], from source: String) throws -> Setting {
        let arguments: [String]
        switch (options[option], values) {
        case (.flag, let values) where values.count == 1 && Self.yes.contains(values[0].lowercased()):
            arguments = ["--\(option)"]
        case (.flag, let values) where values.count == 1 && Self.no.contains(values[0].lowercased()): arguments = []
        case (.flag, _):
            throw ValidationError(
                "\(source): \(option) is true or false (or 1 or 0, yes or no, on or off), not \(values.joined(separator: ", "))."
            )
        case (.value, let values) where values.count > 1: throw ValidationError("\(source): \(option) takes one value.")
        case (_, let values) where values.isEmpty || values.contains(""):
            throw ValidationError("\(source): \(option) has no value.")
        default: arguments = values.map { "--\(option)=\($0)" }
        }
        return Setting(option: option, values: values, source: source, arguments: arguments)
    }

    /// Blames a source for what the parser does not take from it. What the command line itself gets wrong, or what does not
    /// go together, is for the parser to tell.
    private func check(_ settings: [Setting], _ arguments: [String], _ commandLine: [String]) throws {
        guard fault(in: arguments) != nil, fault(in: commandLine) == nil else { return }
        for setting in settings {
            guard let error = fault(in: setting.arguments + commandLine) else { continue }
            throw ValidationError("\(setting.source): \(command.message(for: error))")
        }
    }

    /// What the parser does not take.
    private func fault(in arguments: [String]) -> (any Error)? {
        do {
            _ = try command.parse(arguments)
            return nil
        } catch {
            return error
        }
    }

    private func variables(_ environment: [String: String]) throws -> [Setting] {
        try options.keys.sorted().compactMap { option in
            let name = Self.prefix + option.uppercased().replacing("-", with: "_")
            // One that is set and empty is as one that is not set.
            guard let value = environment[name], !value.isEmpty else { return nil }
            return try setting(option, [value], from: "the variable \(name)")
        }
    }

    private func settings(ofFile path: String) throws -> [Setting] {
        let source = "the configuration file \(path)"
        let mapping: Node.Mapping
        do throws(YAMLFile.Failure) {
            mapping = try YAMLFile.mapping(path) ?? [:]
        } catch {
            throw ValidationError("\(source) cannot be read: \(error.reason)")
        }
        return try mapping.compactMap { key, value in
            let option = key.string ?? ""
            guard fileOptions[option] != nil, option != "config" else {
                let known = fileOptions.keys.filter { $0 != "config" }.sorted().joined(separator: ", ")
                throw ValidationError("\(source): there is no key \(option); the keys are \(known).")
            }
            guard options[option] != nil else { return nil }
            let values = value.sequence.map(Array.init) ?? [value]
            return try setting(option, values.map { $0.scalar?.string ?? "" }, from: source)
        }
    }
}

/// The values of an option that may be repeated.
private protocol RepeatableValue {}

extension Array: RepeatableValue {}

/// A property of a command that stands for options.
private protocol SettingDefinition {
    /// The options that it stands for.
    ///
    /// - Parameter name: The name of the property as an option has it.
    static func options(named name: String) -> [String: SettingSources.Shape]
}

extension Option: SettingDefinition {
    fileprivate static func options(named name: String) -> [String: SettingSources.Shape] {
        [name: Value.self is any RepeatableValue.Type ? .values : .value]
    }
}

extension Flag: SettingDefinition {
    fileprivate static func options(named name: String) -> [String: SettingSources.Shape] {
        [name: .flag]
    }
}

extension OptionGroup: SettingDefinition {
    fileprivate static func options(named name: String) -> [String: SettingSources.Shape] {
        SettingSources.options(of: Value())
    }
}
