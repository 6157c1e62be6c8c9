/// How long a network takes for a sample on this machine.
public struct SampleClock: Sendable {
    /// Nanoseconds of one sample.
    let nanoseconds: @Sendable (Graph) -> Int
    /// Nanoseconds of one sample in each node, by its name. A sum that is folded into a layer takes none.
    let table: @Sendable (Graph) -> [String: Double]
    /// How many times as long one network takes as another: how fast a machine is changes from moment to moment, for both.
    let ratio: @Sendable (Graph, Graph) -> Double

    /// Tells what was measured otherwise.
    package init(nanoseconds: @escaping @Sendable (Graph) -> Int, table: @escaping @Sendable (Graph) -> [String: Double]) {
        self.init(nanoseconds: nanoseconds, table: table) { Double(nanoseconds($0)) / Double(max(1, nanoseconds($1))) }
    }

    private init(
        nanoseconds: @escaping @Sendable (Graph) -> Int, table: @escaping @Sendable (Graph) -> [String: Double],
        ratio: @escaping @Sendable (Graph, Graph) -> Double
    ) {
        (self.nanoseconds, self.table, self.ratio) = (nanoseconds, table, ratio)
    }

    /// Measures it by running the network. What its weights are makes no difference.
    ///
    /// - Parameters:
    ///   - passes: a sample's ways through the network.
    ///   - samples: that go through at once, where memory and time allow it.
    ///   - memory: bytes for activations.
    ///   - now: seconds by a clock that never goes back.
    public init(passes: Int, samples: Int, memory: Int, parallel: Parallel, now: @escaping @Sendable () -> Double) {
        let runs = Runs(passes: passes, samples: samples, memory: memory, parallel: parallel, now: now)
        self.init(nanoseconds: runs.nanoseconds, table: runs.table, ratio: runs.ratio)
    }
}

extension SampleClock {
    /// Which share of a network's time one that was cut from it is foretold to take: every layer's time goes with its work, or with its numbers
    /// where it multiplies nothing.
    public func share(of cut: Graph, in original: Graph) -> Double {
        func work(_ graph: Graph) -> [String: Int] {
            graph.nodes.reduce(into: [:]) { work, node in
                let macs = node.operation.multiplyAccumulates(inputs: node.inputs.map { graph.nodes[$0].shape }, output: node.shape)
                work[node.name] = macs > 0 ? macs : node.shape.count
            }
        }
        let (table, before, after) = (table(original), work(original), work(cut))
        let left = table.reduce(0.0) { sum, entry in
            sum + entry.value * Double(after[entry.key] ?? 0) / Double(max(1, before[entry.key] ?? 1))
        }
        return left / max(.leastNormalMagnitude, table.values.reduce(0, +))
    }
}

/// Runs of a network by a clock.
private struct Runs: Sendable {
    let passes: Int
    let samples: Int
    let memory: Int
    let parallel: Parallel
    let now: @Sendable () -> Double

    /// Runs that are measured at least, and seconds that they take at least in all: single ones vary.
    private static let runs = 5
    private static let seconds = 0.4
    /// Runs of a pass that takes longer than that alone.
    private static let longRuns = 3
    /// Multiply-accumulates of a run: of a large network fewer samples go through at once, which tell nearly the same.
    private static let budget = 40_000_000_000

    /// The least of several runs, which another's load disturbs least.
    func nanoseconds(_ graph: Graph) -> Int {
        let executor = executor(graph, memory: memory)
        var times: [Double] = []
        while times.count < Self.runs || times.reduce(0, +) < Self.seconds {
            if times.count >= Self.longRuns, times.reduce(0, +) > Double(Self.longRuns) * Self.seconds { break }
            let start = now()
            executor.forward()
            times.append(now() - start)
        }
        return Int((perSample(times.min() ?? 0, executor) * 1e9).rounded())
    }

    /// The middle one of several, of a run of one network and then of the other each.
    func ratio(_ one: Graph, to other: Graph) -> Double {
        let executors = [one, other].map { executor($0, memory: memory / 2) }
        func timed(_ executor: Executor) -> Double {
            let start = now()
            executor.forward()
            return perSample(now() - start, executor)
        }
        var ratios: [Double] = []
        let start = now()
        while ratios.count < Self.runs || now() - start < 2 * Self.seconds {
            if ratios.count >= Self.longRuns, now() - start > 2 * Double(Self.longRuns) * Self.seconds { break }
            ratios.append(timed(executors[0]) / max(.leastNormalMagnitude, timed(executors[1])))
        }
        return ratios.sorted()[ratios.count / 2]
    }

    /// The least of several runs.
    func table(_ graph: Graph) -> [String: Double] {
        let executor = executor(graph, memory: memory)
        var least = [Double](repeating: .infinity, count: executor.forwardSteps.count)
        for _ in 0..<Self.longRuns {
            for (index, step) in executor.forwardSteps.enumerated() {
                let start = now()
                if !step.keepsPrepared { step.operation.prepare(step.call, for: .forward) }
                step.operation.forward(step.call)
                least[index] = min(least[index], now() - start)
            }
        }
        return Dictionary(zip(executor.graph.nodes, least).map { ($0.name, perSample($1, executor) * 1e9) }) { $0 + $1 }
    }

    /// Ready to run: what the first run does once is done.
    private func executor(_ graph: Graph, memory: Int) -> Executor {
        let most = max(1, min(samples, Self.budget / max(1, graph.multiplyAccumulates)))
        let plan = BatchPlan(graph, samples: most, isTraining: false, limit: memory, parallel: parallel)
        let executor = Executor(
            graph: graph, weights: Weights(graph.parameters), batch: plan.batch, preparedLimit: plan.preparedLimit, parallel: parallel)
        executor.forward()
        return executor
    }

    private func perSample(_ seconds: Double, _ executor: Executor) -> Double { seconds * Double(passes) / Double(executor.batch) }
}
