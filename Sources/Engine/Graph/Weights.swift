/// Values for every parameter of a graph, in one contiguous run of memory: weights, gradients, moments or averages.
///
/// Convolution weights are kept as (out, height, width, in), so that a row meets a channels-last patch; ``torchOrder(_:)`` and
/// ``setTorchOrder(_:_:)`` convert at the door. All other tensors are as in the checkpoint. Because the layout is a function of
/// the parameters alone, optimisers walk ``buffer`` from end to end.
public final class Weights: Sendable {
    /// The parameters in graph order.
    public let parameters: [Parameter]
    /// All values; padding between tensors stays zero.
    public let buffer: Buffer
    private let offsets: [Int]
    private let indices: [String: Int]

    /// Zeros for the given parameters.
    public init(_ parameters: [Parameter]) {
        self.parameters = parameters
        var offsets: [Int] = []
        var end = 0
        for parameter in parameters {
            offsets.append(end)
            end += (parameter.count + 15) / 16 * 16  // each tensor starts on a cache line
        }
        self.offsets = offsets
        indices = Dictionary(uniqueKeysWithValues: parameters.enumerated().map { ($1.name, $0) })
        buffer = Buffer(count: end)
    }

    /// A copy with its own memory.
    public func copy() -> Weights {
        let copy = Weights(parameters)
        copy.buffer.copy(from: buffer)
        return copy
    }

    /// Where a parameter's values start, by its place in ``parameters``; convolution weights in engine order.
    public func pointer(_ index: Int) -> UnsafeMutablePointer<Float> { buffer.pointer + offsets[index] }

    /// A parameter's place in ``parameters``, or nil when there is none of that name.
    public func index(of name: String) -> Int? { indices[name] }

    /// The names of tensors that hold a number that is not finite.
    var tensorsNotFinite: [String] {
        parameters.indices.filter { index in
            UnsafeBufferPointer(start: pointer(index), count: parameters[index].count).contains { !$0.isFinite }
        }.map { parameters[$0].name }
    }

    /// A parameter's values in the checkpoint's order.
    public func torchOrder(_ index: Int) -> [Float] {
        let parameter = parameters[index]
        let source = pointer(index)
        guard parameter.taps > 1 else { return Array(UnsafeBufferPointer(start: source, count: parameter.count)) }
        let (rows, columns, taps) = (parameter.shape[0], parameter.shape[1], parameter.taps)
        return [Float](unsafeUninitializedCapacity: parameter.count) { target, count in
            for row in 0..<rows {
                for column in 0..<columns {
                    for tap in 0..<taps {
                        target[(row * columns + column) * taps + tap] = source[(row * taps + tap) * columns + column]
                    }
                }
            }
            count = parameter.count
        }
    }

    /// Takes over values given in the checkpoint's order; there must be as many as the parameter holds.
    public func setTorchOrder(_ index: Int, _ values: UnsafeBufferPointer<Float>) {
        let parameter = parameters[index]
        let target = pointer(index)
        guard let source = values.baseAddress, values.count == parameter.count else { return }
        guard parameter.taps > 1 else { return target.update(from: source, count: parameter.count) }
        let (rows, columns, taps) = (parameter.shape[0], parameter.shape[1], parameter.taps)
        for row in 0..<rows {
            for column in 0..<columns {
                for tap in 0..<taps {
                    target[(row * taps + tap) * columns + column] = source[(row * columns + column) * taps + tap]
                }
            }
        }
    }

    /// Takes over values given in the checkpoint's order.
    public func setTorchOrder(_ index: Int, _ values: [Float]) {
        values.withUnsafeBufferPointer { setTorchOrder(index, $0) }
    }
}
