/// How often the keys of an issuer are read, and how long for.
package struct IssuerTiming: Sendable {
    /// From one fetch of keys over HTTP to the next while all is well.
    package var refresh = Duration.seconds(300)
    /// From a fetch that has failed to the next.
    package var retry = Duration.seconds(15)
    /// How often a file is looked at, and how often, at most, keys are read because a token names one that is not there.
    package var look = Duration.seconds(5)
    /// How long a request waits for keys that are being read.
    package var patience = Duration.seconds(3)
    /// How long reading keys may take.
    package var deadline = Duration.seconds(10)
    /// How long keys stay in force that cannot be read again.
    package var keep: Duration

    package init(keep: Duration) {
        self.keep = keep
    }
}
