import Foundation

/// AdamW (arXiv 1711.05101) as `torch.optim.AdamW`; clipping, an exponential moving average and clearing the gradients for the next
/// step happen in the same walk over memory.
struct AdamW {
    private static let beta1: Float = 0.9
    private static let beta2: Float = 0.999
    private static let epsilon: Float = 1e-8

    private let weights: Buffer
    private let gradients: Buffer
    let firstMoment: Buffer
    let secondMoment: Buffer
    /// The averaged weights, when there is an average.
    private let average: Buffer?
    private let parallel: Parallel
    private var step: Int

    /// - Parameters:
    ///   - moments: of the gradients so far, taken over as they are; nil begins with zeros.
    ///   - step: steps done.
    init(weights: Weights, gradients: Weights, average: Weights?, moments: (Buffer, Buffer)? = nil, step: Int = 0, parallel: Parallel) {
        self.weights = weights.buffer
        self.gradients = gradients.buffer
        (firstMoment, secondMoment) = moments ?? (Buffer(count: weights.buffer.count), Buffer(count: weights.buffer.count))
        self.step = step
        self.average = average?.buffer
        self.parallel = parallel
    }

    /// The Euclidean norm of all gradients together.
    var gradientNorm: Double {
        let parts = parallel.threads
        let count = gradients.count
        let sums = UnsafeMutableBufferPointer<Double>.allocate(capacity: parts)
        defer { sums.deallocate() }
        parallel.forEach(parts) { part in
            var sum = 0.0
            var start = count * part / parts
            let end = count * (part + 1) / parts
            while start < end {
                // Short runs in float, their sums in double: as exact as a double sum at a vector's speed.
                let stop = min(start + 512, end)
                var run = Vector.zero
                var i = start
                while i + Elementwise.width <= stop {
                    let g = (gradients.pointer + i).load()
                    run += g * g
                    i += Elementwise.width
                }
                sum += Double(run.sum())
                while i < stop {
                    sum += Double(gradients.pointer[i]) * Double(gradients.pointer[i])
                    i += 1
                }
                start = stop
            }
            sums[part] = sum
        }
        return sums.reduce(0, +).squareRoot()
    }

    /// One step; leaves the gradients zero.
    ///
    /// - Parameters:
    ///   - learningRate: after warm-up.
    ///   - gradientScale: what every gradient is multiplied by first (clipping).
    ///   - averageDecay: the weight of the old average in the new one.
    mutating func update(learningRate: Double, weightDecay: Double, gradientScale: Float, averageDecay: Double) {
        step += 1
        // The scalars in double and then rounded, as PyTorch has them.
        let decay = Float(1 - learningRate * weightDecay)
        let stepSize = Float(learningRate / (1 - pow(0.9, Double(step))))
        let correction = Float((1 - pow(0.999, Double(step))).squareRoot())
        let blend = Float(1 - averageDecay)
        let (beta1, beta2, epsilon) = (Self.beta1, Self.beta2, Self.epsilon)
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
