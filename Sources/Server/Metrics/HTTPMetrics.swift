import CoreMetrics
import HTTPTypes

/// The series of requests.
struct HTTPMetrics: Sendable {
    static let requests = "pruner_http_requests_total"
    static let durations = "pruner_http_request_duration_seconds"

    static let families = [
        MetricFamily(
            name: requests, kind: .counter,
            help: "Requests by method, route and status; route \"\" is none of the API's, status \"aborted\" a client that left."),
        MetricFamily(
            name: durations, kind: .histogram,
            help: "From a request's head to its answer's first byte, the body that came with it included.",
            bounds: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600]),
    ]

    private let factory: MetricsRegistry
    /// Requests for no route, which HTTP itself refuses, by status.
    private let unrouted: [(status: Int, counter: Counter)]
    private let unroutedOthers: Counter

    init(_ factory: MetricsRegistry) {
        self.factory = factory
        func counter(_ status: String) -> Counter {
            Counter(label: Self.requests, dimensions: [("method", ""), ("route", ""), ("status", status)], factory: factory)
        }
        unrouted = [403, 404, 405, 421].map { (status: $0, counter: counter(String($0))) }
        unroutedOthers = counter("other")
    }

    /// What is counted of a route.
    ///
    /// - Parameter statuses: those the route may answer with, those of success first.
    func route(_ method: HTTPRequest.Method, _ pattern: String, statuses: [Int]) -> RouteMetrics {
        RouteMetrics(method, pattern, statuses: statuses, factory)
    }

    /// A request came to none of the routes.
    func refused(_ status: Int) { (unrouted.first { $0.status == status }?.counter ?? unroutedOthers).increment() }
}
