import Documents
import Jobs

/// Everything that `/metrics` tells of one service.
struct ServiceMetrics: Sendable {
    let http: HTTPMetrics
    let jobs: JobMetrics
    let webhooks: WebhookMetrics
    private let registry: MetricsRegistry

    init() {
        registry = MetricsRegistry(
            HTTPMetrics.families + JobMetrics.families + WebhookMetrics.families + Scrape.families + ProcessFigures.families)
        http = HTTPMetrics(registry)
        jobs = JobMetrics(registry)
        webhooks = WebhookMetrics(registry)
    }

    /// What was counted until now, and what is read now.
    func text(_ scrape: Scrape) throws -> String {
        registry.text(try scrape.samples(jobs) + ProcessFigures.samples)
    }
}
