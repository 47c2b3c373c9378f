import CoreMetrics
import Synchronization

/// What a series is, in the words of Prometheus.
enum SeriesType: String {
    case counter
    case gauge
    case histogram
}

/// One series: the values of a metric under one set of labels.
final class Series: Sendable {
    let type: SeriesType
    private let state = Mutex(State())

    private struct State {
        /// The value of a counter or a gauge, the sum of a histogram.
        var value = 0.0
        var count = 0
        /// How many values of a histogram lie below each bound, not those below the one before.
        var buckets = [Int](repeating: 0, count: bounds.count)
    }

    /// The upper bounds of a histogram's buckets, in seconds.
    private static let bounds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    init(_ type: SeriesType) {
        self.type = type
    }

    private func observe(_ value: Double) {
        state.withLock { state in
            guard type == .histogram else {
                state.value = value
                return
            }
            state.value += value
            state.count += 1
            if let bucket = Self.bounds.firstIndex(where: { value <= $0 }) { state.buckets[bucket] += 1 }
        }
    }

    func write(_ label: String, _ labels: String, to text: inout String) {
        let state = state.withLock { $0 }
        let braced = labels.isEmpty ? "" : "{\(labels)}"
        guard type == .histogram else {
            text += "\(label)\(braced) \(state.value.formattedMetric)\n"
            return
        }
        let prefix = labels.isEmpty ? "" : labels + ","
        var count = 0
        for (bound, bucket) in zip(Self.bounds, state.buckets) {
            count += bucket
            text += "\(label)_bucket{\(prefix)le=\"\(bound.formattedMetric)\"} \(count)\n"
        }
        text += "\(label)_bucket{\(prefix)le=\"+Inf\"} \(state.count)\n"
        text += "\(label)_sum\(braced) \(state.value.formattedMetric)\n"
        text += "\(label)_count\(braced) \(state.count)\n"
    }
}

extension Series: CounterHandler {
    func increment(by amount: Int64) {
        state.withLock { $0.value += Double(amount) }
    }

    func reset() {
        state.withLock { $0.value = 0 }
    }
}

extension Series: RecorderHandler {
    func record(_ value: Int64) { observe(Double(value)) }
    func record(_ value: Double) { observe(value) }
}

extension Series: TimerHandler {
    func recordNanoseconds(_ duration: Int64) { observe(Double(duration) / 1e9) }
}

extension Double {
    fileprivate var formattedMetric: String {
        Int(exactly: self).map(String.init) ?? description
    }
}
