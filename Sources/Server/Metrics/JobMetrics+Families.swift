import Jobs

extension JobMetrics {
    /// What its series mean.
    static let families = [
        MetricFamily(name: steps, kind: .counter, help: "Steps that jobs did, by phase: timesteps, optimiser steps, batches of samples."),
        MetricFamily(
            name: durations, kind: .histogram, help: "How long jobs' phases took that came to their end.",
            bounds: [0.1, 1, 5, 15, 60, 300, 900, 3600, 14400, 43200, 86400, 259200]),
        MetricFamily(
            name: work, kind: .counter,
            help:
                "Multiply-accumulates of convolutions and linear layers that jobs did, forward and backward, as the plain algorithms count."
        ),
    ]
}
