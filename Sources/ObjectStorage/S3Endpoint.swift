import Foundation

/// The parts of the address of a storage, such as `http://minio:9000`.
package struct S3Endpoint: Sendable, Equatable {
    /// `http` or `https`.
    package let scheme: String
    /// With its port where one is given; an address of IPv6 has its brackets.
    package let host: String
    /// What every path begins with, without a slash at its end.
    package let path: String

    package init(_ address: String) throws(StorageError) {
        guard let url = URL(string: address), let scheme = url.scheme, ["http", "https"].contains(scheme),
            let name = url.host(), !name.isEmpty
        else {
            // It may have a password in it.
            throw StorageError(
                description:
                    "the endpoint of S3 (AWS_ENDPOINT_URL, or endpoint_url of the profile) is not an address such as http://minio:9000"
            )
        }
        self.scheme = scheme
        let bracketed = name.contains(":") && !name.hasPrefix("[") ? "[\(name)]" : name
        host = url.port.map { "\(bracketed):\($0)" } ?? bracketed
        path = url.path().hasSuffix("/") ? String(url.path().dropLast()) : url.path()
    }
}
