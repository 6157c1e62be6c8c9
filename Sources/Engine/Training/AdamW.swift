import Foundation

/// AdamW (arXiv 1711.05101) as `torch.optim.AdamW`; clipping, an exponential moving average and clearing the gradients for the next
/// step happen in the same walk over memory.
struct AdamW: Optimizer {
    private static let beta1: Float = 0.9
    private static let beta2: Float = 0.999
    private static let epsilon: Float = 1e-8

    private let weights: Buffer
    private let gradients: Buffer
    private let firstMoment: Buffer
    private let secondMoment: Buffer
    /// The averaged weights, when there is an average.
    private let average: Buffer?
    private let parallel: Parallel

    static func memory(_ graph: Graph) -> [OptimizerMemory] {
        ["first_moment", "second_moment"].map { OptimizerMemory(name: $0, buffer: Weights(graph.parameters).buffer) }
    }

    static func floats(_ graph: Graph, threads: Int) -> Int { 2 * graph.parameterCount }

    static func multiplyAccumulates(_ graph: Graph) -> Double { 0 }

    init(_ graph: Graph, weights: Weights, gradients: Weights, average: Weights?, memory: [OptimizerMemory], parallel: Parallel) {
        self.weights = weights.buffer
        self.gradients = gradients.buffer
        (firstMoment, secondMoment) = (memory[0].buffer, memory[1].buffer)
        self.average = average?.buffer
        self.parallel = parallel
    }

    func update(_ step: OptimizerStep) {
        // The scalars in double and then rounded, as PyTorch has them.
        let decay = Float(1 - step.learningRate * step.weightDecay)
        let stepSize = Float(step.learningRate / (1 - pow(0.9, Double(step.number))))
        let correction = Float((1 - pow(0.999, Double(step.number))).squareRoot())
        let blend = Float(1 - step.averageDecay)
        let (beta1, beta2, epsilon, gradientScale) = (Self.beta1, Self.beta2, Self.epsilon, step.gradientScale)
        parallel.ranges(weights.count, grain: 4096) { range in
            var i = range.lowerBound
            while i < range.upperBound {
                let lanes = min(Elementwise.width, range.upperBound - i)
                let isWhole = lanes == Elementwise.width
                @inline(__always) func read(_ buffer: Buffer) -> Vector {
                    isWhole ? (buffer.pointer + i).load() : UnsafePointer(buffer.pointer + i).load(lanes)
                }
                @inline(__always) func write(_ vector: Vector, _ buffer: Buffer) {
                    if isWhole { (buffer.pointer + i).store(vector) } else { (buffer.pointer + i).store(vector, lanes) }
                }
                let g = read(gradients) * gradientScale
                var m = read(firstMoment)
                m += (g - m) * (1 - beta1)
                let v = read(secondMoment) * beta2 + g * g * (1 - beta2)
                let denominator = v.squareRoot() / correction + epsilon
                let p = read(weights) * decay - m / denominator * stepSize
                write(.zero, gradients)
                write(m, firstMoment)
                write(v, secondMoment)
                write(p, weights)
                if let average {
                    let a = read(average)
                    write(a - (a - p) * blend, average)
                }
                i += lanes
            }
        }
    }
}
