import CoreMetrics
import Synchronization

/// Keeps what is counted through swift-metrics, for Prometheus to fetch.
///
/// One for each ``Service``, handed to every `Counter(label:dimensions:factory:)`: many services live in one process of tests, and
/// `MetricsSystem` is one for all. A label is the exposed name of a ``MetricFamily``, dimensions are its labels.
package final class MetricsRegistry: MetricsFactory {
    private enum Cell {
        case counter(CounterCell)
        case gauge(GaugeCell)
        case histogram(HistogramCell)
    }

    private struct Series {
        let labels: [(name: String, value: String)]
        let cell: Cell
    }

    private let families: [MetricFamily]
    private let series = Mutex<[String: [Series]]>([:])

    /// - Parameter families: all that there will be, in the order in which they are told.
    package init(_ families: [MetricFamily]) {
        self.families = families
    }

    // MARK: - What swift-metrics asks for

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        switch cell(label, dimensions, .counter, { _ in .counter(CounterCell()) }) {
        case .counter(let cell): cell
        default: preconditionFailure("\(label) is no counter")
        }
    }

    /// - Parameter aggregate: whether values are told by their distribution (a histogram), or only the last one (a gauge).
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard !aggregate else { return histogram(label, dimensions) }
        switch cell(label, dimensions, .gauge, { _ in .gauge(GaugeCell()) }) {
        case .gauge(let cell): return cell
        default: preconditionFailure("\(label) is no gauge")
        }
    }

    /// Times are told in seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        precondition(label.hasSuffix("_seconds"), "the unit of \(label) is the second")
        return histogram(label, dimensions)
    }

    // Series last as long as the service.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> HistogramCell {
        switch cell(label, dimensions, .histogram, { .histogram(HistogramCell(bounds: $0.bounds)) }) {
        case .histogram(let cell): cell
        default: preconditionFailure("\(label) is no histogram")
        }
    }

    /// The series of these labels, made when it is asked for first.
    private func cell(
        _ name: String, _ dimensions: [(String, String)], _ kind: MetricFamily.Kind, _ make: @Sendable (MetricFamily) -> sending Cell
    ) -> Cell {
        guard let family = families.first(where: { $0.name == name && $0.kind == kind }) else {
            preconditionFailure("nobody says what the \(kind.rawValue) \(name) is")
        }
        let labels = dimensions.map { (name: $0.0, value: $0.1) }
        return series.withLock { series in
            if let known = series[name]?.first(where: { $0.labels.elementsEqual(labels, by: ==) }) { return known.cell }
            let cell = make(family)
            series[name, default: []].append(Series(labels: labels, cell: cell))
            return cell
        }
    }

    // MARK: - What Prometheus asks for

    /// Everything there is, in the text exposition format.
    /// - Parameter samples: values that were read just now.
    package func text(_ samples: [MetricSample]) -> String {
        let series = series.withLock { $0 }
        let samples = Dictionary(grouping: samples, by: \.name)
        var text = PrometheusText()
        for family in families {
            text.begin(family)
            for sample in samples[family.name] ?? [] { text.add(labels: sample.labels, value: sample.value) }
            for series in series[family.name] ?? [] {
                switch series.cell {
                case .counter(let cell):
                    text.add(labels: series.labels, value: Double(cell.value))
                case .gauge(let cell): text.add(labels: series.labels, value: cell.value)
                case .histogram(let cell):
                    let value = cell.value
                    text.add(labels: series.labels, cumulative: value.cumulative, count: value.count, sum: value.sum)
                }
            }
        }
        return text.text
    }
}
