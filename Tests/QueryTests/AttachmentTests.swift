import Schema
import Testing

@testable import Query

@Suite("Attached data")
struct AttachmentTests {
    @Test(
        "has the passwords in its location known, so that no message has them",
        arguments: [
            ("postgres://reader:hunter2@db:5432/slurm", ["hunter2"]), ("postgres://reader@db/slurm", []),
            ("postgres://reader:hunter%2F2@db/slurm", ["hunter%2F2", "hunter/2"]),
            ("postgres://reader:hun/ter2@db/slurm", ["hun/ter2"]),
            ("postgres://db/slurm?password=hunter2&sslpassword=x%20y", ["hunter2", "x%20y", "x y"]),
            ("ducklake:postgres:host=db password=hunter2 user=a", ["hunter2"]),
            ("ducklake:postgres:host=db password = 'hunter 2\\' x' user=a", ["hunter 2\\' x"]),
            ("ducklake:postgres:postgresql://a:hunter2@db/lake", ["hunter2"]),
            ("s3://site/power?s3_secret_access_key=hunter2&s3_session_token=t&s3_region=r", ["hunter2", "t"]),
            ("https://a:hunter2@site/power.parquet", ["hunter2"]), ("/srv/assets.db", []), ("s3://site/power", []),
        ] as [(String, Set<String>)]
    )
    func secrets(location: String, expected: Set<String>) throws {
        #expect(Set(try Attachment("a=\(location)").secrets) == expected)
    }

    @Test(
        "is refused where it has keys that its location cannot have, without a word of them",
        arguments: ["s3://AKIA:hunter2@site/power", "s3://AKIA:hun/ter2@site/power", "s3://hunter2@site", "s3://"]
    )
    func keysInAddresses(location: String) throws {
        let error = #expect(throws: InvalidValue.self) { try Attachment("a=\(location)") }
        #expect(error?.message.contains("AWS_SECRET_ACCESS_KEY") == true && error?.message.contains("hun") == false)
    }

    @Test("has an address of PostgreSQL taken apart only where no part of a password can be taken for another one")
    func addresses() throws {
        let address = try PostgresAddress("postgres://reader:hunter%2F2@db:5432/slurm?sslmode=require")
        #expect(address.keywords == "host=db port=5432 user=reader dbname=slurm sslmode=require")
        #expect(address.password == "hunter/2")
        for url in [
            "postgres://reader:12/3@db/slurm", "postgres://reader:1?2@db/slurm", "postgres://reader:1#2@db/slurm",
        ] {
            let error = #expect(throws: QueryFailure.self, "\(url)") { try PostgresAddress(url) }
            #expect(error?.message.contains("percent-encoded") == true)
        }
    }
}
