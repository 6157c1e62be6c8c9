import CoreMetrics
import Dispatch
import HTTPTypes

/// What is counted of one route's requests. All of it is looked up when the route is added: a request costs a few atomic additions.
struct RouteMetrics: Sendable {
    /// Of one method.
    private struct Counted: Sendable {
        /// By status, those of success first.
        let answers: [(status: Int, counter: Counter)]
        /// Of statuses that the route's description does not have.
        let others: Counter
        /// Of clients that left before they were answered.
        let aborted: Counter
        let duration: CoreMetrics.Timer

        init(_ method: HTTPRequest.Method, _ pattern: String, statuses: [Int], _ factory: some MetricsFactory) {
            let labels = [("method", method.rawValue), ("route", pattern)]
            func counter(_ status: String) -> Counter {
                Counter(label: HTTPMetrics.requests, dimensions: labels + [("status", status)], factory: factory)
            }
            answers = statuses.map { (status: $0, counter: counter(String($0))) }
            others = counter("other")
            aborted = counter("aborted")
            duration = CoreMetrics.Timer(label: HTTPMetrics.durations, dimensions: labels, factory: factory)
        }
    }

    private let own: Counted
    private let head: Counted?

    /// - Parameter statuses: those the route may answer with, those of success first.
    init(_ method: HTTPRequest.Method, _ pattern: String, statuses: [Int], _ factory: some MetricsFactory) {
        own = Counted(method, pattern, statuses: statuses, factory)
        head = method == .get ? Counted(.head, pattern, statuses: statuses, factory) : nil
    }

    /// A request was answered.
    func answered(_ method: HTTPRequest.Method, _ status: Int, since start: DispatchTime) {
        let counted = counted(method)
        (counted.answers.first { $0.status == status }?.counter ?? counted.others).increment()
        counted.duration.recordNanoseconds(Int64(clamping: DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds))
    }

    /// There was no one left to answer.
    func aborted(_ method: HTTPRequest.Method) { counted(method).aborted.increment() }

    private func counted(_ method: HTTPRequest.Method) -> Counted {
        guard let head, method == .head else { return own }
        return head
    }
}
