import Schema

/// Makes sure that a statement reads nothing but the tables there are, by functions that see nothing else.
///
/// Goes by the tree that DuckDB's parser makes of it (`json_serialize_sql`), and lets through only what it knows: a new
/// version of DuckDB has to be looked at before something new in it can be used.
struct StatementCheck {
    /// The tables that there are, in lower case.
    private let tables: Set<String>
    /// The names of attached data, in lower case.
    private let attachments: Set<String>
    /// Those of both that the statement reads.
    private var needs = StatementNeeds(tables: [])

    private let sql: String

    /// - Parameters:
    ///   - tree: What `json_serialize_sql` gives of a statement.
    ///   - sql: The statement.
    /// - Throws: ``QueryFailure`` that says what is wrong, or not allowed.
    static func needs(
        of tree: String,
        _ sql: String,
        tables: Set<String>,
        attachments: Set<String>
    ) throws(QueryFailure) -> StatementNeeds {
        let parsed: JSONValue
        do {
            parsed = try JSONValue(parsing: tree, maximumDepth: 1000)
        } catch {
            throw QueryFailure(.refused, "The statement is nested too deeply.")
        }
        guard case .object(let answer) = parsed else { throw QueryFailure(.refused, onlySelect) }
        if answer["error"] == .bool(true) { throw failure(answer) }
        guard case .array(let statements)? = answer["statements"], statements.count == 1,
            case .object(let statement) = statements[0], let node = statement["node"]
        else { throw QueryFailure(.refused, "Send one statement; this has several, or none.") }
        var check = StatementCheck(tables: tables, attachments: attachments, sql: sql)
        try check.visit(node, Scope())
        return check.needs
    }

    private init(tables: Set<String>, attachments: Set<String>, sql: String) {
        self.tables = tables
        self.attachments = attachments
        self.sql = sql
    }

    private static let onlySelect =
        "Only a SELECT can be run (or FROM, WITH, VALUES, DESCRIBE and SUMMARIZE of the tables)."

    private static func failure(_ answer: JSONObject) -> QueryFailure {
        guard case .string("parser")? = answer["error_type"], case .string(let message)? = answer["error_message"]
        else {
            return QueryFailure(.refused, onlySelect)
        }
        var position: Int?
        // DuckDB counts from 0.
        if case .string(let text)? = answer["position"] { position = Int(text).map { $0 + 1 } }
        return QueryFailure(.refused, "The statement does not parse: \(message)", position: position)
    }

    /// The names that stand for more than the tables there are.
    private struct Scope {
        /// Common table expressions, in lower case.
        var expressions: Set<String> = []
    }

    // MARK: Tree

    private mutating func visit(_ value: JSONValue, _ scope: Scope) throws(QueryFailure) {
        switch value {
        case .array(let elements):
            for element in elements { try visit(element, scope) }
        case .object(let object): try visit(object, scope)
        case .null, .bool, .number, .string: break
        }
    }

    private mutating func visit(_ object: JSONObject, _ scope: Scope) throws(QueryFailure) {
        if case .string(let expression)? = object["class"] {
            try visit(expression: expression, object, scope)
        } else if case .string(let type)? = object["type"] {
            try visit(node: type, object, scope)
        } else {
            try visitMembers(of: object, scope)
        }
    }

    private mutating func visitMembers(of object: JSONObject, _ scope: Scope) throws(QueryFailure) {
        for member in object where !Self.constants.contains(member.key) { try visit(member.value, scope) }
    }

    /// Members that have numbers and types, and nothing that is carried out.
    private static let constants: Set<String> = ["sample", "expected_types"]

    /// What a query, or what it reads from, may be.
    private static let nodes: Set<String> = [
        "SELECT_NODE", "SET_OPERATION_NODE", "SUBQUERY", "JOIN", "EXPRESSION_LIST",
        "EMPTY",
        "PIVOT", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER", "DISTINCT_MODIFIER", "ASCENDING",
        "DESCENDING",
        "ORDER_DEFAULT",
    ]

    private mutating func visit(node type: String, _ object: JSONObject, _ scope: Scope) throws(QueryFailure) {
        switch type {
        case "BASE_TABLE": try visitTable(object, scope)
        case "TABLE_FUNCTION": try visitTableFunction(object, scope)
        case "RECURSIVE_CTE_NODE": try visitRecursion(object, scope)
        case "SHOW_REF": try visitShow(object, scope)
        case _ where Self.nodes.contains(type):
            try visitMembers(of: object, visitExpressions(of: object, scope))
        default: throw QueryFailure(.refused, "\(type) in a statement is not allowed.")
        }
    }

    /// Visits the common table expressions of a query.
    ///
    /// - Returns: The names that the rest of the query sees.
    private mutating func visitExpressions(of object: JSONObject, _ scope: Scope) throws(QueryFailure) -> Scope {
        var scope = scope
        guard case .object(let map)? = object["cte_map"], case .array(let entries)? = map["map"] else { return scope }
        for entry in entries {
            guard case .object(let entry) = entry, let query = entry["value"] else {
                throw QueryFailure(.refused, "A WITH of this form is not allowed.")
            }
            // An expression does not see itself, unless it is recursive.
            try visit(query, scope)
            scope.expressions.insert(try Self.name(entry["key"]))
        }
        return scope
    }

    /// Visits a recursive expression, whose first part does not see itself: there its name is that of a table.
    private mutating func visitRecursion(_ object: JSONObject, _ scope: Scope) throws(QueryFailure) {
        let outer = try visitExpressions(of: object, scope)
        var inner = outer
        inner.expressions.insert(try Self.name(object["cte_name"]))
        for member in object where member.key != "cte_map" {
            try visit(member.value, member.key == "right" ? inner : outer)
        }
    }

    /// The name of a common table expression, in lower case.
    ///
    /// - Throws: Where it is not plain, so that nobody has to know how DuckDB compares others, or what it takes for a file.
    private static func name(_ value: JSONValue?) throws(QueryFailure) -> String {
        guard case .string(let name)? = value, let plain = name.plainName else {
            throw QueryFailure(.refused, "The name of a WITH has letters from a to z, digits and _.")
        }
        return plain
    }

    /// Visits DESCRIBE, SUMMARIZE and SHOW.
    private mutating func visitShow(_ object: JSONObject, _ scope: Scope) throws(QueryFailure) {
        if let query = object["query"], query != .null { return try visit(query, scope) }
        guard object["show_type"] == "SHOW_FROM", let name = attachment(in: object) else {
            throw QueryFailure(.refused, "\(Self.onlySelect) GET /query/tables lists the tables.")
        }
        needs.attachments.insert(name)
        needs.qualifiers.insert(name)
    }

    /// The attached database that a qualified name begins with; nil for any other name.
    private func attachment(in object: JSONObject) -> String? {
        let schema = object["schema_name"]?.string ?? ""
        let catalog = object["catalog_name"]?.string ?? ""
        guard let name = (catalog.isEmpty ? schema : catalog).plainName, attachments.contains(name) else { return nil }
        // What a database says of itself is nothing of the site's.
        return catalog.isEmpty || !["information_schema", "pg_catalog"].contains(schema.lowercased()) ? name : nil
    }

    private mutating func visitTable(_ object: JSONObject, _ scope: Scope) throws(QueryFailure) {
        guard case .string(let name)? = object["table_name"] else {
            throw QueryFailure(.refused, "A table without a name is not allowed.")
        }
        let position = position(of: object)
        if let attachment = attachment(in: object), !Self.isSystemName(name) {
            // DuckDB takes what is no table for a file.
            guard !name.contains(where: { "/\\.*?[".contains($0) }) else {
                throw QueryFailure(.refused, "A table of that name cannot be read: \(name).", position: position)
            }
            needs.attachments.insert(attachment)
            needs.qualifiers.insert(attachment)
            if let moment = object["at_clause"] { try visit(moment, scope) }
            return
        }
        guard object["schema_name"] == "", object["catalog_name"] == "", object["at_clause"] ?? .null == .null else {
            throw QueryFailure(
                .refused,
                attachments.isEmpty
                    ? "A table is named by its name alone: \(name)."
                    : "A table is named by its name alone, or behind one of \(attachments.sorted().joined(separator: ", ")).",
                position: position
            )
        }
        let plain = name.plainName
        if !(plain.map(scope.expressions.contains) ?? false) {
            if let plain, attachments.contains(plain) {
                needs.attachments.insert(plain)
                return
            }
            guard let plain, tables.contains(plain) else {
                let similar = tables.union(attachments).sorted().nearest(to: name).map { " Did you mean \($0)?" } ?? ""
                throw QueryFailure(
                    .refused,
                    "There is no table \(name).\(similar) GET /query/tables lists the tables.",
                    position: position
                )
            }
            needs.tables.insert(plain)
        }
    }

    /// Whether a table is one that databases have of themselves.
    private static func isSystemName(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["duckdb_", "pg_", "sqlite_", "pragma_"].contains { name.hasPrefix($0) }
    }

    private mutating func visitTableFunction(_ object: JSONObject, _ scope: Scope) throws(QueryFailure) {
        guard case .object(let function)? = object["function"], case .string(let name)? = function["function_name"],
            name.utf8.allSatisfy({ $0 < 0x80 }), AllowedFunctions.ofTables.contains(name.lowercased())
        else {
            var name = "This"
            if case .object(let function)? = object["function"], case .string(let text)? = function["function_name"] {
                name = text
            }
            throw QueryFailure(
                .refused,
                "\(name) is not allowed as a table; there are \(AllowedFunctions.ofTables.sorted().joined(separator: ", ")).",
                position: position(of: object)
            )
        }
        try checkHome(of: function)
        for member in function where member.key != "type" { try visit(member.value, scope) }
    }

    /// Makes sure that a function is DuckDB's own, not one of the same name that an attached database has.
    private func checkHome(of function: JSONObject) throws(QueryFailure) {
        guard function["catalog"] ?? "" == "", ["", "main"].contains(function["schema"]?.string ?? "") else {
            throw QueryFailure(.refused, "A function is named by its name alone.", position: position(of: function))
        }
    }

    // MARK: Expressions

    private static let expressions: Set<String> = [
        "COLUMN_REF", "COMPARISON", "CONJUNCTION", "OPERATOR", "CASE", "CAST", "SUBQUERY", "STAR", "PARAMETER",
        "LAMBDA",
        "LAMBDA_REF", "BETWEEN", "COLLATE", "POSITIONAL_REFERENCE", "DEFAULT",
    ]

    private mutating func visit(expression: String, _ object: JSONObject, _ scope: Scope) throws(QueryFailure) {
        switch expression {
        case "CONSTANT": break
        case "FUNCTION", "WINDOW":
            guard case .string(let name)? = object["function_name"],
                name.utf8.allSatisfy({ $0 < 0x80 }), AllowedFunctions.ofValues.contains(name.lowercased())
            else {
                var name = "This function"
                if case .string(let text)? = object["function_name"] { name = "The function \(text)" }
                throw QueryFailure(.refused, "\(name) is not allowed.", position: position(of: object))
            }
            try checkHome(of: object)
            for member in object where member.key != "type" { try visit(member.value, scope) }
        case _ where Self.expressions.contains(expression):
            for member in object where member.key != "cast_type" { try visit(member.value, scope) }
            if let type = object["cast_type"] { try visit(type: type, scope) }
        default:
            throw QueryFailure(
                .refused,
                "\(expression) in an expression is not allowed.",
                position: position(of: object)
            )
        }
    }

    /// Visits a type that something is cast to, which may have parameters.
    private mutating func visit(type: JSONValue, _ scope: Scope) throws(QueryFailure) {
        switch type {
        case .array(let elements):
            for element in elements { try visit(type: element, scope) }
        case .object(let object) where object["class"] != nil: try visit(object, scope)
        case .object(let object):
            for member in object { try visit(type: member.value, scope) }
        case .null, .bool, .number, .string: break
        }
    }

    /// Where something stands in the statement, in characters from 1.
    private func position(of object: JSONObject) -> Int? {
        // DuckDB counts bytes.
        guard case .number(let number)? = object["query_location"], let place = Int(number.literal),
            let index = sql.utf8.index(sql.startIndex, offsetBy: place, limitedBy: sql.endIndex)
        else { return nil }
        return sql[..<index].unicodeScalars.count + 1
    }
}
