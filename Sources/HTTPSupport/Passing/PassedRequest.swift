import Crypto
import Foundation
import Schema
import Tokens

/// What a server says of a request that it passes on to the one that leads: who has asked, and from where. It is signed, with the
/// request's method and path, under a key that all of these servers have.
struct PassedRequest {
    /// Nil where nobody needs to say who they are.
    var identity: Identity?
    /// Whose the request is, as trusted proxies would say it.
    var forwarding: Forwarding
    /// The path and query that the client has sent, where the leader knows the request by others.
    var target: String?

    /// How far the clocks of two servers may be apart, with the time on the way.
    private static let tolerance = 60.0

    /// The value of the field, signed.
    func signed(_ method: String, _ path: String, with key: SymmetricKey, at time: Date) -> String {
        var members: JSONObject = [
            "at": .number(JSONNumber(Int(time.timeIntervalSince1970))), "address": .string(forwarding.address),
            "network": .string(forwarding.network), "prefix": .string(forwarding.prefix),
        ]
        members["scheme"] = forwarding.scheme.map { .string($0) }
        members["host"] = forwarding.host.map { .string($0) }
        members["target"] = target.map { .string($0) }
        if let identity {
            members["subject"] = .string(identity.subject)
            members["roles"] = .array(identity.roles.map(\.rawValue).sorted().map { .string($0) })
            members["standard"] = .bool(identity.hasStandardRole)
            members["proof"] = .string(identity.proof.rawValue)
        }
        let payload = Data(JSONValue.object(members).bytes)
        let code = HMAC<SHA256>.authenticationCode(for: Self.content(payload, method, path), using: key)
        return "\(payload.base64EncodedString()).\(Data(code).base64EncodedString())"
    }

    /// Reads the value of the field.
    ///
    /// - Returns: Nil for what none of the keys has signed for this method and path, just now.
    init?(_ text: String, _ method: String, _ path: String, signedWith keys: [SymmetricKey], at time: Date) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let payload = Data(base64Encoded: String(parts[0])),
            let code = Data(base64Encoded: String(parts[1]))
        else { return nil }
        // Nothing of it is read before it is known to be signed.
        let content = Self.content(payload, method, path)
        guard
            keys.contains(where: {
                HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: content, using: $0)
            })
        else { return nil }
        guard let members = Self.members(of: payload),
            case .number(let seconds)? = members["at"], let seconds = seconds.int,
            abs(time.timeIntervalSince1970 - Double(seconds)) <= Self.tolerance,
            let address = members.text("address"), let network = members.text("network"),
            let prefix = members.text("prefix")
        else { return nil }
        forwarding = Forwarding(
            address: address,
            network: network,
            scheme: members.text("scheme"),
            host: members.text("host"),
            prefix: prefix
        )
        target = members.text("target")
        guard let subject = members.text("subject") else { return }
        guard case .array(let names)? = members["roles"], case .bool(let isStandard)? = members["standard"],
            let proof = members.text("proof").flatMap(Identity.Proof.init(rawValue:))
        else { return nil }
        let roles = names.compactMap { name in if case .string(let name) = name { Role(rawValue: name) } else { nil } }
        identity = Identity(subject: subject, roles: Set(roles), hasStandardRole: isStandard, proof: proof)
    }

    /// The members of what was signed; nil where it is no JSON, which another version may sign.
    private static func members(of payload: Data) -> JSONObject? {
        do {
            guard case .object(let members) = try JSONValue(parsing: payload) else { return nil }
            return members
        } catch {
            return nil
        }
    }

    init(_ identity: Identity?, _ forwarding: Forwarding, target: String? = nil) {
        self.identity = identity
        self.forwarding = forwarding
        self.target = target
    }

    /// What is signed. No method and no path has a line feed in it.
    private static func content(_ payload: Data, _ method: String, _ path: String) -> Data {
        payload + Data("\n\(method)\n\(path)".utf8)
    }
}

extension JSONObject {
    fileprivate func text(_ name: String) -> String? {
        if case .string(let text)? = self[name] { text } else { nil }
    }
}
