/// A write of the crash test.
enum CrashOperation: Sendable, CustomStringConvertible {
    /// Creates one node, or several at once; with them the BMCs that are missing.
    case create([(xname: String, content: Content)])
    case replace(String, Content)
    case delete(String)
    /// Replaces a BMC, and so changes the nodes that embed it.
    case replaceBMC(String, Content)

    /// What a writer gives a node or BMC.
    struct Content: Sendable {
        var name: String
        var description: String

        /// The document of a node, with what the server adds where that is given.
        func node(_ xname: String, id: String? = nil, bmc: String? = nil) -> String {
            let id = id.map { #""id":"\#($0)","# } ?? ""
            let bmc = bmc.map { #""bmc":\#($0),"# } ?? ""
            return """
                {\(id)"hostname":"\(name)","xname":"\(xname)","architecture":"a",\(bmc)"description":"\(description)"}
                """
        }

        /// The document of a BMC, with its id where that is given.
        func bmc(_ xname: String, id: String? = nil, password: String) -> String {
            let id = id.map { #""id":"\#($0)","# } ?? ""
            return """
                {\(id)"xname":"\(xname)","username":"\(name)","password":"\(password)",\
                "mac_address":"\(Self.macAddress(of: xname))","description":"\(description)"}
                """
        }

        /// A MAC address that no other BMC has.
        private static func macAddress(of xname: String) -> String {
            let numbers = xname.split { !$0.isNumber }.compactMap { Int($0) }
            let number = numbers[0] * 256 + numbers[2]
            let bytes = [2, 0, 0, number >> 16, number >> 8 & 0xFF, number & 0xFF]
            return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
        }
    }

    /// Whether several nodes are created, so that no `ETag` tells the version.
    var isArray: Bool {
        if case .create(let contents) = self { contents.count > 1 } else { false }
    }

    /// The method, path and body of the request, and the status of its answer when it is done.
    var request: (method: String, path: String, body: String?, status: Int) {
        switch self {
        case .create(let contents):
            let documents = contents.map { $0.content.node($0.xname) }
            let body = isArray ? "[\(documents.joined(separator: ","))]" : documents[0]
            return ("POST", "/ComputeNode", body, 201)
        case .replace(let xname, let content): return ("PUT", "/ComputeNode/\(xname)", content.node(xname), 200)
        case .delete(let xname): return ("DELETE", "/ComputeNode/\(xname)", nil, 204)
        case .replaceBMC(let xname, let content):
            return ("PUT", "/BMC/\(xname)", content.bmc(xname, password: "p\(content.name)"), 200)
        }
    }

    var description: String {
        let (method, path, body, _) = request
        return "\(method) \(path) \(body ?? "")"
    }

    /// The answer when it is done.
    ///
    /// - Parameter slice: The slice with the operation done.
    func answer(in slice: CrashSlice) -> String {
        switch self {
        case .create(let contents) where isArray:
            "[\(contents.map { slice.document($0.xname) }.joined(separator: ","))]"
        case .create(let contents): slice.document(contents[0].xname)
        case .replace(let xname, _), .replaceBMC(let xname, _): slice.document(xname)
        case .delete: ""
        }
    }
}
