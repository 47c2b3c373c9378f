import Foundation

/// Where an S3-compatible storage is and with which keys, by the variables and files that the tools of AWS use
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>).
package struct S3Access: Codable, Sendable, Equatable {
    /// Address of the storage, such as `http://minio:9000`; nil for that of AWS.
    package var endpoint: String?
    package var region: String
    /// Nil for none, which is enough for what everybody may read.
    package var keys: Keys?

    package struct Keys: Codable, Sendable, Equatable {
        package var id: String
        package var secret: String
        /// Of keys that are good for a while.
        package var sessionToken: String?

        package init(id: String, secret: String, sessionToken: String? = nil) {
            self.id = id
            self.secret = secret
            self.sessionToken = sessionToken
        }
    }

    package init(endpoint: String?, region: String = standardRegion, keys: Keys?) {
        self.endpoint = endpoint
        self.region = region
        self.keys = keys
    }

    package static let standardRegion = "us-east-1"

    /// Reads the environment, and for what it does not say the files `credentials` and `config` of a user of AWS.
    ///
    /// - Parameter variables: Of which an empty one is as one that is not set.
    package init(environment variables: [String: String]) {
        let environment = variables.filter { !$0.value.isEmpty }
        let home = environment["HOME"] ?? NSHomeDirectory()
        let profile = environment["AWS_PROFILE"] ?? "default"
        let credentials = Self.section(
            [profile],
            ofFile: environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(home)/.aws/credentials"
        )
        let config = Self.section(
            ["profile \(profile)", profile],
            ofFile: environment["AWS_CONFIG_FILE"] ?? "\(home)/.aws/config"
        )
        endpoint =
            environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"] ?? config["endpoint_url"]
        region =
            environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? config["region"] ?? Self.standardRegion
        if let id = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"] {
            keys = Keys(id: id, secret: secret, sessionToken: environment["AWS_SESSION_TOKEN"])
        } else if let id = credentials["aws_access_key_id"], let secret = credentials["aws_secret_access_key"] {
            keys = Keys(id: id, secret: secret, sessionToken: credentials["aws_session_token"])
        }
    }

    /// The settings of the first of some sections that a file has; none where there is no such file.
    private static func section(_ names: [String], ofFile path: String) -> [String: String] {
        guard let bytes = FileManager.default.contents(atPath: path) else { return [:] }
        var sections: [String: [String: String]] = [:]
        var current = ""
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.hasPrefix("["), line.hasSuffix("]") {
                current = line.dropFirst().dropLast().trimmingCharacters(in: .whitespaces)
            } else if !line.hasPrefix("#"), let sign = line.firstIndex(of: "=") {
                let name = line[..<sign].trimmingCharacters(in: .whitespaces).lowercased()
                sections[current, default: [:]][name] = line[line.index(after: sign)...]
                    .trimmingCharacters(in: .whitespaces)
            }
        }
        return names.lazy.compactMap { sections[$0] }.first ?? [:]
    }
}
