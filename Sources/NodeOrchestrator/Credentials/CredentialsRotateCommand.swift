import ArgumentParser
import Completeness
import Foundation
import Scheduling
import Store

/// Changes the key that seals secrets.
struct CredentialsRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Seal the passwords of BMCs with a new key.",
        discussion: """
            The server's own key is made anew. Of --credentials-key-file or --credentials-key-command the first key is taken: \
            put a new one before the others. Older keys stay until no journal and no snapshot that is kept needs them; the \
            server's log says when. A running server does the same when it gets POST /credentials/rotate.
            """,
        examples: [
            "credentials rotate --data-dir /var/lib/node-orchestrator",
            "credentials rotate --credentials-key-command 'vault kv get -field=keys secret/node-orchestrator'",
        ]
    )

    @OptionGroup
    var store: StoreOptions

    @OptionGroup
    var credentials: CredentialOptions

    func run() async throws {
        let request = ServerRequest(method: "POST", path: "/credentials/rotate")
        let rotation = try await store.withStore(
            credentialKeys: credentials.source,
            instead: ServerRequest.advice([request])
        ) { store in
            try await store.rotateCredentialKey(for: Caller(subject: RestoreOptions.author))
        }
        print("sealed \(rotation.resealed) resources with the key \(rotation.key)")
        if case .generated = credentials.source {
            print("save \(store.directory.credentialKey.path) again: older copies of it do not open them")
        }
        if rotation.unreadable > 0 {
            print("\(rotation.unreadable) resources have passwords of keys that are not here; they stay as they are")
        }
        for old in rotation.old {
            print("the key \(old.key) is needed as long as moments before transaction \(old.neededBefore) are kept")
        }
    }
}
