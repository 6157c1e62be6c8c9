import Storage

/// Phases in the order in which a job goes through them.
package struct Phases: Sendable {
    /// Those that a request may ask for: the one list.
    package static let all = Phases([
        Loading.self, Encoding.self, Scoring.self, Searching.self, Cutting.self, Reconstructing.self, FineTuning.self, Evaluating.self,
        Exporting.self,
    ])

    /// In order.
    package let list: [any Phase.Type]

    /// The first of them is ``Loading``: the others work on what it reads.
    package init(_ list: [any Phase.Type]) { self.list = list }

    /// Those that compute.
    var computing: [any Phase.Type] { list.filter { $0.computes } }

    /// What they write into the metrics.
    var sections: [MetricsSection] { list.flatMap { $0.sections } }

    /// Those that a request asks for, with its settings.
    func asked(by request: JobRequest) -> [any Phase] { list.compactMap { $0.init(request) } }

    /// Multiply-accumulates that each will take, of those that take steps.
    package func work(_ shape: JobShape) -> [JobPhase: Double] {
        asked(by: shape.request).reduce(into: [:]) { work, phase in
            let steps = phase.isNeeded(shape) ? phase.steps(shape) : []
            if !steps.isEmpty { work[type(of: phase).name] = steps.reduce(0) { $0 + $1.multiplyAccumulates(shape) } }
        }
    }
}
