import CoreMetrics
import HTTPSupport
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("are written as Prometheus reads them")
    func text() {
        let registry = PrometheusRegistry()
        registry.makeCounter(label: "c_total", dimensions: [("path", "a\"b\\c\nd")]).increment(by: 2)
        registry.makeCounter(label: "c_total", dimensions: [("path", "a\"b\\c\nd")]).increment(by: 3)
        registry.makeRecorder(label: "g", dimensions: [], aggregate: false).record(Int64(7))
        let timer = registry.makeTimer(label: "t_seconds", dimensions: [("k", "v")])
        timer.recordNanoseconds(200_000)
        timer.recordNanoseconds(20_000_000_000)
        let lines = registry.text.split(separator: "\n").map(String.init)
        for line in [
            "# TYPE c_total counter", #"c_total{path="a\"b\\c\nd"} 5"#, "# TYPE g gauge", "g 7",
            "# TYPE t_seconds histogram", #"t_seconds_bucket{k="v",le="0.0001"} 0"#,
            #"t_seconds_bucket{k="v",le="0.00025"} 1"#, #"t_seconds_bucket{k="v",le="10"} 1"#,
            #"t_seconds_bucket{k="v",le="+Inf"} 2"#, #"t_seconds_sum{k="v"} 20.0002"#, #"t_seconds_count{k="v"} 2"#,
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test("stay within a number of series, whatever labels clients make up")
    func limit() {
        let registry = PrometheusRegistry()
        for index in 0..<5000 {
            registry.makeCounter(label: "c_total", dimensions: [("method", "M\(index)")]).increment(by: 1)
        }
        #expect(registry.text.split(separator: "\n").count == 1001)
    }
}
