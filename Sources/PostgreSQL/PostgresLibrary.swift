import CPostgreSQL

/// libpq, PostgreSQL's client library, which is looked for when it is first needed, so that the program runs without it.
enum PostgresLibrary {
    private static let loaded: Result<no_libpq, PostgresError> = {
        var functions = no_libpq()
        guard let reason = no_load_libpq(&functions) else { return .success(functions) }
        return .failure(
            PostgresError(
                .noLibrary,
                "libpq, PostgreSQL's client library, is not found (\(String(cString: reason))). On Debian install it "
                    + "with 'apt-get install libpq5', elsewhere with the package of PostgreSQL's client"
            )
        )
    }()

    /// Its functions.
    ///
    /// - Throws: ``PostgresError`` that says what to install.
    static func functions() throws(PostgresError) -> no_libpq { try loaded.get() }
}
