import CoreMetrics
import Server
import Testing

/// What is counted through swift-metrics comes out as Prometheus reads it.
@Suite struct ExpositionTests {
    private static let requests = MetricFamily(name: "requests_total", kind: .counter, help: "Requests.")
    private static let hits = MetricFamily(name: "hits_total", kind: .counter, help: "Hits.")
    private static let level = MetricFamily(name: "level", kind: .gauge, help: "Back\\slash\nand \"line\".")
    private static let times = MetricFamily(name: "time_seconds", kind: .histogram, help: "Times.", bounds: [0.25, 0.5, 2])
    private static let sizes = MetricFamily(name: "size_bytes", kind: .histogram, help: "Sizes.", bounds: [10])

    private func registry() -> MetricsRegistry { MetricsRegistry([Self.requests, Self.hits, Self.level, Self.times, Self.sizes]) }

    @Test func familiesWithoutSeriesAreNotTold() {
        #expect(registry().text([]) == "")
    }

    @Test func aCounterAddsUp() {
        let registry = registry()
        Counter(label: "requests_total", dimensions: [("a", "1"), ("b", "x")], factory: registry).increment(by: 2)
        // The same series, wherever it is asked for.
        Counter(label: "requests_total", dimensions: [("a", "1"), ("b", "x")], factory: registry).increment()
        _ = Counter(label: "requests_total", factory: registry)
        _ = Counter(label: "hits_total", dimensions: [("a", "1")], factory: registry)
        #expect(
            registry.text([]) == """
                # HELP requests_total Requests.
                # TYPE requests_total counter
                requests_total{a="1",b="x"} 3
                requests_total 0
                # HELP hits_total Hits.
                # TYPE hits_total counter
                hits_total{a="1"} 0

                """)
    }

    @Test func aGaugeTellsTheLastValueAndHelpIsEscaped() {
        let registry = registry()
        let gauge = Gauge(label: "level", dimensions: [], factory: registry)
        gauge.record(7)
        gauge.record(-0.5)
        #expect(
            registry.text([]) == """
                # HELP level Back\\\\slash\\nand "line".
                # TYPE level gauge
                level -0.5

                """)
    }

    @Test func aTimerIsAHistogramOfSeconds() {
        let registry = registry()
        let timer = CoreMetrics.Timer(label: "time_seconds", dimensions: [("route", "/")], factory: registry)
        // On a bound is within it.
        for nanoseconds: Int64 in [250_000_000, 375_000_000, 500_000_000, 1_000_000_000, 9_000_000_000] {
            timer.recordNanoseconds(nanoseconds)
        }
        #expect(
            registry.text([]) == """
                # HELP time_seconds Times.
                # TYPE time_seconds histogram
                time_seconds_bucket{route="/",le="0.25"} 1
                time_seconds_bucket{route="/",le="0.5"} 3
                time_seconds_bucket{route="/",le="2"} 4
                time_seconds_bucket{route="/",le="+Inf"} 5
                time_seconds_sum{route="/"} 11.125
                time_seconds_count{route="/"} 5

                """)
    }

    @Test func aRecorderThatAggregatesIsAHistogramToo() {
        let registry = registry()
        let recorder = Recorder(label: "size_bytes", dimensions: [], aggregate: true, factory: registry)
        #expect(registry.text([]).hasSuffix("size_bytes_sum 0\nsize_bytes_count 0\n"))
        recorder.record(10)
        recorder.record(11.5)
        #expect(
            registry.text([]) == """
                # HELP size_bytes Sizes.
                # TYPE size_bytes histogram
                size_bytes_bucket{le="10"} 1
                size_bytes_bucket{le="+Inf"} 2
                size_bytes_sum 21.5
                size_bytes_count 2

                """)
    }

    @Test(arguments: [
        (0.0, "0"), (1, "1"), (-3, "-3"), (0.25, "0.25"), (1e-7, "1e-07"), (1_795_640_650.54, "1795640650.54"), (1e14, "100000000000000"),
        (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
    func numbersAreWrittenAsGoReadsThem(value: Double, text: String) {
        #expect(registry().text([MetricSample("level", [], value)]).hasSuffix("\nlevel \(text)\n"))
    }

    @Test(arguments: [
        ("plain", "plain"), ("with \"quotes\"", #"with \"quotes\""#), ("back\\slash", #"back\\slash"#), ("two\nlines", #"two\nlines"#),
        ("\\n", #"\\n"#), ("\r\n", "\r\\n"), ("ümläut 🙂", "ümläut 🙂"), ("", ""), ("}", "}"), ("a=\"b\",c=\"d\"", #"a=\"b\",c=\"d\""#),
    ])
    func labelsAreEscaped(value: String, text: String) {
        let found = registry().text([MetricSample("level", [("l", value)], 1)])
        #expect(
            Array(found.utf8).suffix(text.utf8.count + 14).elementsEqual("\nlevel{l=\"\(text)\"} 1\n".utf8.suffix(text.utf8.count + 14)))
        #expect(found.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 3)
    }

    @Test func nothingIsLostWhereManyCountAtOnce() async {
        let registry = registry()
        let counter = Counter(label: "requests_total", factory: registry)
        let timer = CoreMetrics.Timer(label: "time_seconds", factory: registry)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment()
                        timer.recordSeconds(1)
                    }
                }
            }
        }
        let text = registry.text([])
        #expect(text.contains("\nrequests_total 80000\n"))
        #expect(text.contains("\ntime_seconds_sum 80000\n"))
        #expect(text.contains("\ntime_seconds_bucket{le=\"2\"} 80000\n"))
    }
}
