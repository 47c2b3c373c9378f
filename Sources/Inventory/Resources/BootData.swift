package import Foundation
package import Schema

/// What a node boots.
@JSONSchema
package struct BootData: Equatable {
    /// Identifier of the boot configuration.
    package var id: UUID?
    /// Where the kernel is.
    @Field(.format(.uri))
    package var kernelURL: String?
    /// Parameters of the kernel.
    package var kernelCommandLine: String?
    /// Where the root image is.
    @Field(.format(.uri))
    package var imageURL: String?
}
