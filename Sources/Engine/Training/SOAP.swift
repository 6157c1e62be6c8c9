import Foundation

/// SOAP (arXiv 2409.11321, algorithm 3): Adam, in bases in which the gradients of a tensor hang together least.
///
/// A weight is (out, in, taps). For each of these axes, C ← β₂ C + (1 - β₂) Σ g gᵀ over all vectors g of the gradient along it. Q are C's
/// eigenvectors at step ``refresh``, before which Adam goes on as it is: C has too few vectors then. At every ``refresh``th step after it Q
/// goes on by a step of orthogonal iteration, and V to the new basis as if its coordinates were independent: by the squares of the
/// change of basis. Where 𝒬 turns a tensor along all axes,
///
///     M ← β₁ M + (1 - β₁) G,  V ← β₂ V + (1 - β₂) (𝒬 G)²,  Θ ← Θ - η 𝒬ᵀ[(𝒬 M / (1 - β₁ˢ)) / (√(V / (1 - β₂ˢ)) + ε)]
///
/// Biases, norms and tables are not turned.
struct SOAP: Optimizer {
    private static let beta1: Float = 0.9
    private static let beta2: Float = 0.95
    private static let epsilon: Float = 1e-8
    /// Steps from one turn of the bases to the next.
    private static let refresh = 10

    private let weights: Weights
    private let gradients: Weights
    private let average: Weights?
    private let (firstMoment, secondMoment): (Buffer, Buffer)
    private let (covariances, bases): (Buffer, Buffer)
    private let tensors: [Tensor]
    private let parallel: Parallel
    /// For each thread, as much as the largest tensor and two of the largest basis.
    private let work: Buffer

    // MARK: What it remembers

    static func memory(_ graph: Graph) -> [OptimizerMemory] {
        let moments = AdamW.memory(graph)
        let sides = Tensor.all(graph).reduce(0) { $0 + $1.sides }
        return moments + ["covariances", "bases"].map { OptimizerMemory(name: $0, buffer: Buffer(count: sides)) }
    }

    static func floats(_ graph: Graph, threads: Int) -> Int {
        let tensors = Tensor.all(graph)
        return tensors.reduce(threads * Self.workSize(tensors)) { $0 + 2 * ($1.count + $1.sides) }
    }

    /// Covariances, three turns, and every so often two products and a factorization of a basis.
    static func multiplyAccumulates(_ graph: Graph) -> Double {
        Tensor.all(graph).reduce(0) { sum, tensor in
            tensor.axes.reduce(sum) { $0 + 3.6 * Double(tensor.count * $1.size) + 3.3 / Double(refresh) * pow(Double($1.size), 3) }
        }
    }

    init(_ graph: Graph, weights: Weights, gradients: Weights, average: Weights?, memory: [OptimizerMemory], parallel: Parallel) {
        (self.weights, self.gradients, self.average) = (weights, gradients, average)
        (firstMoment, secondMoment) = (memory[0].buffer, memory[1].buffer)
        (covariances, bases) = (memory[2].buffer, memory[3].buffer)
        self.parallel = parallel
        // What takes longest first, so that the threads end together.
        tensors = Tensor.all(graph).sorted { $0.cost > $1.cost }
        work = Buffer(count: parallel.threads * Self.workSize(tensors))
    }

    private static func workSize(_ tensors: [Tensor]) -> Int {
        let (largest, widest) = tensors.reduce((0, 0)) { (max($0.0, $1.count), max($0.1, $1.axes.map(\.size).max() ?? 0)) }
        return largest + 2 * widest * widest
    }

    // MARK: A step

    func update(_ step: OptimizerStep) {
        let size = work.count / parallel.threads
        parallel.forEach(tensors.count) { index, worker in
            update(tensors[index], step, work: work.pointer + worker * size)
        }
    }

    private func update(_ tensor: Tensor, _ step: OptimizerStep, work: UnsafeMutablePointer<Float>) {
        let (beta1, beta2, epsilon, count) = (Self.beta1, Self.beta2, Self.epsilon, tensor.count)
        let (p, g) = (weights.pointer(tensor.index), gradients.pointer(tensor.index))
        let offset = p - weights.buffer.pointer
        let (m, v) = (firstMoment.pointer + offset, secondMoment.pointer + offset)
        if step.gradientScale != 1 { Elementwise.map(count, g, into: g) { $0 * step.gradientScale } }

        for axis in tensor.axes {
            axis.addSquare(of: g, weight: 1 - beta2, to: covariances.pointer + axis.offset, keeping: beta2)
            if step.number % Self.refresh == 0 { turn(axis, of: tensor, v, isFirst: step.number == Self.refresh, work) }
        }
        let axes = step.number < Self.refresh ? [] : tensor.axes
        Elementwise.map(count, g, m, into: m) { $1 + ($0 - $1) * (1 - beta1) }
        rotate(axes, g, into: g, count, back: false, work)
        Elementwise.map(count, g, v, into: v) { $1 * beta2 + $0 * $0 * (1 - beta2) }
        rotate(axes, m, into: g, count, back: false, work)
        // The scalars in double and then rounded, as for AdamW.
        let stepSize = Float(step.learningRate / (1 - pow(0.9, Double(step.number))))
        let correction = Float((1 - pow(0.95, Double(step.number))).squareRoot())
        Elementwise.map(count, g, v, into: g) { $0 / ($1.squareRoot() / correction + epsilon) * stepSize }
        rotate(axes, g, into: g, count, back: true, work)

        let decay = Float(1 - step.learningRate * step.weightDecay)
        Elementwise.map(count, p, g, into: p) { $0 * decay - $1 }
        g.update(repeating: 0, count: count)
        guard let a = average?.pointer(tensor.index) else { return }
        let blend = Float(1 - step.averageDecay)
        Elementwise.map(count, a, p, into: a) { $0 - ($0 - $1) * blend }
    }

    /// Brings an axis's basis up to date, and the second moment with it.
    private func turn(
        _ axis: Axis, of tensor: Tensor, _ v: UnsafeMutablePointer<Float>, isFirst: Bool, _ work: UnsafeMutablePointer<Float>
    ) {
        let (size, square) = (axis.size, axis.size * axis.size)
        let (covariance, basis) = (covariances.pointer + axis.offset, bases.pointer + axis.offset)
        let (old, change) = (work + tensor.count, work + tensor.count + square)
        old.update(from: basis, count: square)
        do throws(MatrixError) {
            if isFirst {
                try Matrix.eigenvectors(of: covariance, size: size, into: basis)
                change.update(from: basis, count: square)
            } else {
                try Matrix.iterate(basis: basis, towards: covariance, size: size, work: change)
                Matrix.multiply(
                    rows: size, columns: size, inner: size, basis, leading: size, old, leading: size, transposeB: true, into: change,
                    leading: size)
            }
        } catch {
            // The gradients are not finite, and so the next loss, at which the run ends.
            return
        }
        Elementwise.map(square, change, into: change) { $0 * $0 }
        axis.multiply(change, transposed: false, by: v, into: work)
        v.update(from: work, count: tensor.count)
    }

    /// Turns a tensor into the bases of its axes, or back.
    private func rotate(
        _ axes: [Axis], _ source: UnsafeMutablePointer<Float>, into target: UnsafeMutablePointer<Float>, _ count: Int, back: Bool,
        _ work: UnsafeMutablePointer<Float>
    ) {
        var from = source
        for axis in axes {
            let to = from == work ? target : work
            axis.multiply(bases.pointer + axis.offset, transposed: back, by: from, into: to)
            from = to
        }
        if from != target { target.update(from: from, count: count) }
    }
}
