import CoreMetrics

/// What is counted of webhooks.
struct WebhookMetrics: Sendable {
    static let attempts = "pruner_webhook_attempts_total"

    static let families = [
        MetricFamily(name: attempts, kind: .counter, help: "Attempts to tell the end of a job to a webhook, by how they went.")
    ]

    let delivered: Counter
    let failed: Counter

    init(_ factory: MetricsRegistry) {
        delivered = Counter(label: Self.attempts, dimensions: [("result", "delivered")], factory: factory)
        failed = Counter(label: Self.attempts, dimensions: [("result", "failed")], factory: factory)
    }
}
