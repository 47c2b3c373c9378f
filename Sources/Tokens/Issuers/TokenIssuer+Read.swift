import GuardedFiles
import Logging
import Scheduling
import Synchronization

extension TokenIssuer {
    /// How many keys that are not used have a line in the log.
    static let maximumLines = 10

    /// Has the keys read again, and waits until they are, though not for long.
    package func readAgain() async {
        await refresh().wait()
    }

    /// Has the keys read, unless they are being read; it is over when they are or when it has taken too long for requests.
    func refresh() -> SharedReading {
        let (reading, isNew) = state.withLock { state in
            if let reading = state.reading { return (reading, false) }
            let reading = SharedReading()
            state.reading = reading
            state.lastAttempt = .now
            return (reading, true)
        }
        if isNew { start(reading) }
        return reading
    }

    /// Has the keys read, unless that was just tried.
    ///
    /// - Returns: Nil in that case.
    func refreshIfNotJustDone() -> SharedReading? {
        let (reading, last) = state.withLock { ($0.reading, $0.lastAttempt) }
        if let reading { return reading }
        if let last, last.duration(to: .now) < timing.look { return nil }
        return refresh()
    }

    private func start(_ reading: SharedReading) {
        let timer = Task {
            try await Task.sleep(for: timing.patience)
            reading.end()
        }
        Task {
            await read()
            timer.cancel()
            state.withLock { $0.reading = nil }
            reading.end()
        }
    }

    private func read() async {
        let place = place
        do {
            take(
                try await withTimeLimit(timing.deadline) {
                    switch place {
                    case .url(let url): try await KeyPlace.fetch(url)
                    case .file(let file): try KeyPlace.read(file)
                    }
                }
            )
        } catch let error as KeySetError {
            fail(error.description)
        } catch is TimeLimitExceeded {
            fail("it takes longer than \(timing.deadline.components.seconds) s")
        } catch {
            fail("\(error)")
        }
    }

    /// Puts keys in force that have been read, where they are others than before.
    private func take(_ text: [UInt8]) {
        guard text != state.withLock(\.text) else { return recover() }
        do throws(KeySetError) {
            put(try KeySet(json: text), readFrom: text)
            recover()
        } catch {
            fail(error.description)
        }
    }

    /// Puts keys in force.
    func put(_ keys: KeySet, readFrom text: [UInt8]) {
        state.withLock { state in
            if !state.keys.hasSameKeys(as: keys) { state.generation += 1 }
            state.keys = keys
            state.text = text
        }
        logger.log(
            level: keys.count == 0 ? .warning : .info,
            "keys of tokens were read",
            metadata: ["from": "\(place)", "keys": .stringConvertible(keys.count)]
        )
        for key in keys.skipped.prefix(Self.maximumLines) {
            logger.warning(
                "a key of tokens is not used",
                metadata: [
                    "from": "\(place)", "index": .stringConvertible(key.index), "kid": "\((key.kid ?? "").prefix(64))",
                    "reason": "\(key.reason)",
                ]
            )
        }
        if keys.skipped.count > Self.maximumLines {
            let more = keys.skipped.count - Self.maximumLines
            logger.warning("more keys of tokens are not used", metadata: ["keys": .stringConvertible(more)])
        }
    }

    private func recover() {
        guard state.withLock({ $0.fault.end() }) else { return }
        logger.notice("keys of tokens can be read again", metadata: ["from": "\(place)"])
    }

    private func fail(_ reason: String) {
        let (isNews, kept) = state.withLock { ($0.fault.begin(reason), $0.keys.count) }
        if isNews {
            logger.warning(
                "keys of tokens cannot be read",
                metadata: ["from": "\(place)", "reason": "\(reason)", "kept": .stringConvertible(kept)]
            )
        }
        giveUp()
    }

    /// Drops keys that could not be read again for too long.
    func giveUp() {
        let isOver = state.withLock { state in
            guard let since = state.fault.start, state.keys.count > 0, since.duration(to: .now) >= timing.keep else {
                return false
            }
            state.keys = KeySet()
            state.text = nil
            state.generation += 1
            return true
        }
        guard isOver else { return }
        logger.error(
            "keys of tokens are dropped, since they cannot be read again: tokens of the issuer are refused",
            metadata: ["from": "\(place)", "after": "\(timing.keep)"]
        )
    }
}
