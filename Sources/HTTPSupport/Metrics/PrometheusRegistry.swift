package import CoreMetrics
import Synchronization

/// Keeps what the program counts and measures, and writes it as Prometheus reads it.
///
/// Text format 0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/.
package final class PrometheusRegistry: MetricsFactory {
    private let series = Mutex<[String: [String: Series]]>([:])

    /// How many series there can be; what comes after is not kept. Clients choose some label values.
    private static let maximumSeries = 1000

    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What series are, by their names.
    private let help: [String: String]

    /// - Parameter help: A sentence for each series, by its name.
    package init(help: [String: String] = [:]) {
        self.help = help
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handler(.counter, label, dimensions)
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        handler(aggregate ? .histogram : .gauge, label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        handler(.histogram, label, dimensions)
    }

    // Series stay when their handlers go: a counter that begins again at 0 looks like a restart.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func handler(_ type: SeriesType, _ label: String, _ dimensions: [(String, String)]) -> Series {
        let labels = dimensions.map { "\($0.0)=\"\($0.1.escapedLabelValue)\"" }.joined(separator: ",")
        return series.withLock { series in
            if let known = series[label]?[labels] { return known }
            let new = Series(type)
            if series.values.reduce(0, { $0 + $1.count }) < Self.maximumSeries {
                series[label, default: [:]][labels] = new
            }
            return new
        }
    }

    /// Every series, by name.
    package var text: String {
        var text = ""
        for (label, byLabels) in series.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            guard let type = byLabels.values.first?.type else { continue }
            if let help = help[label] { text += "# HELP \(label) \(help)\n" }
            text += "# TYPE \(label) \(type.rawValue)\n"
            for (labels, series) in byLabels.sorted(by: { $0.key < $1.key }) {
                series.write(label, labels, to: &text)
            }
        }
        return text
    }
}

extension String {
    fileprivate var escapedLabelValue: String {
        // Each request asks for a series, and hardly one has anything to escape; `replacing` is slow even then.
        guard utf8.contains(where: { [0x0A, 0x22, 0x5C].contains($0) }) else { return self }
        return replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
