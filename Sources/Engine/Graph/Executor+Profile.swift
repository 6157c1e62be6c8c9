import Foundation

extension Executor {
    /// Processor time of one step by kind of operator.
    public struct Profile: Sendable {
        /// Seconds of processor time of preparing weights, all threads together, by the operator's type and sizes.
        public internal(set) var prepare: [String: Double] = [:]
        /// The same of forward.
        public internal(set) var forward: [String: Double] = [:]
        /// The same of backward.
        public internal(set) var backward: [String: Double] = [:]
        /// Multiply-accumulates of a forward pass as plain products carry them out, by the same kinds.
        public internal(set) var multiplyAccumulates: [String: Int] = [:]
    }

    /// Runs what ``forward()`` and ``backward()`` run, once they have been run, and says where the time goes.
    ///
    /// Processor time is what a neighbour's load disturbs least.
    public func profile() -> Profile {
        var profile = Profile()
        func timed(_ kind: String, _ place: WritableKeyPath<Profile, [String: Double]>, _ body: () -> Void) {
            let start = clock()
            body()
            profile[keyPath: place][kind, default: 0] += Double(clock() - start) / Double(CLOCKS_PER_SEC)
        }
        for step in forwardSteps + backwardSteps {
            let kind = step.operation.kind(step.call.shape)
            if !step.keepsPrepared { timed(kind, \.prepare) { step.operation.prepare(step.call, for: step.direction) } }
            switch step.direction {
            case .forward:
                timed(kind, \.forward) { step.operation.forward(step.call) }
                let shape = step.call.shape
                profile.multiplyAccumulates[kind, default: 0] +=
                    shape.batch * step.operation.multiplyAccumulates(inputs: shape.inputs, output: shape.output)
            case .backward: timed(kind, \.backward) { step.operation.backward(step.call) }
            }
        }
        return profile
    }
}

extension Operator {
    /// The operator's type, the size of its map and the shape of its weight.
    fileprivate func kind(_ shape: CallShape) -> String {
        let weight = parameters.first.map { " \($0.shape)" } ?? ""
        return "\(Self.self) \(shape.output.height)×\(shape.output.width)\(weight)"
    }
}
