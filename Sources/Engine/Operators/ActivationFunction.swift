import Foundation

/// The activations that configurations name: diffusers' (`act_fn`), transformers' (`hidden_act`) and PyTorch's modules.
public enum ActivationFunction: String, Sendable, CaseIterable {
    /// x · σ(x) (`torch.nn.SiLU`).
    case silu
    /// x · tanh(ln(1 + e^x)) (`torch.nn.Mish`).
    case mish
    /// x · Φ(x), Φ the normal distribution (`torch.nn.GELU`, not its approximation by tanh).
    case gelu
    /// max(x, 0) (`torch.nn.ReLU`).
    case relu
    /// x · σ(1.702 x), an approximation of GELU (transformers' `QuickGELUActivation`).
    case quickGELU = "quick_gelu"
    /// tanh(x) (`torch.nn.Tanh`).
    case tanh

    /// Those that diffusers' configurations name.
    static let diffusers: [ActivationFunction] = [.silu, .mish, .gelu, .relu]
}

extension ActivationFunction {
    /// Appends f of every number of an ONNX value, and returns its name.
    func onnx(_ x: String, in graph: inout OnnxGraph) -> String {
        switch self {
        case .silu: return graph.product(x, graph.add("Sigmoid", [x]))
        case .mish: return graph.product(x, graph.add("Tanh", [graph.add("Softplus", [x])]))
        case .gelu:
            let distribution = graph.sum(graph.add("Erf", [graph.product(x, Float(0.5).squareRoot())]), 1)
            return graph.product(graph.product(x, 0.5), distribution)
        case .relu: return graph.add("Relu", [x])
        case .quickGELU: return graph.product(x, graph.add("Sigmoid", [graph.product(x, 1.702)]))
        case .tanh: return graph.add("Tanh", [x])
        }
    }
}

/// A function of one number and its derivative, for eight numbers at a time.
protocol VectorFunction {
    /// f(x).
    static func value(_ x: Vector) -> Vector
    /// f'(x).
    static func slope(_ x: Vector) -> Vector
}

/// What is done with a function that is known when the code is compiled, as loops over vectors need it.
protocol VectorFunctionUse {
    func callAsFunction<Function: VectorFunction>(_: Function.Type)
}

extension ActivationFunction {
    /// Does something with this function.
    @inline(__always)
    func call(_ use: some VectorFunctionUse) {
        switch self {
        case .silu: use(SiLU.self)
        case .mish: use(Mish.self)
        case .gelu: use(GELU.self)
        case .relu: use(ReLU.self)
        case .quickGELU: use(QuickGELU.self)
        case .tanh: use(Tanh.self)
        }
    }

    enum SiLU: VectorFunction {
        @inline(__always) static func value(_ x: Vector) -> Vector { x / (1 + Elementwise.exp(-x)) }
        /// σ(x) · (1 + x · (1 - σ(x)))
        @inline(__always) static func slope(_ x: Vector) -> Vector {
            let sigmoid = 1 / (1 + Elementwise.exp(-x))
            return sigmoid * (1 + x * (1 - sigmoid))
        }
    }

    /// With e = e^x, tanh(ln(1 + e)) = n / (n + 2) for n = e² + 2e, which is 1 to float32 long before e² is too large.
    enum Mish: VectorFunction {
        @inline(__always) private static func exponential(_ x: Vector) -> Vector {
            let highest = Vector(repeating: 20)
            return Elementwise.exp(x.replacing(with: highest, where: x .> highest))
        }
        @inline(__always) static func value(_ x: Vector) -> Vector {
            let e = exponential(x)
            let n = e * (e + 2)
            return x * (n / (n + 2))
        }
        @inline(__always) static func slope(_ x: Vector) -> Vector {
            let e = exponential(x)
            let n = e * (e + 2)
            let inverse = 1 / (n + 2)
            return n * inverse + x * (4 * e * (e + 1)) * inverse * inverse
        }
    }

    enum GELU: VectorFunction {
        /// Φ(x) and e^(-x²/2): the error function by Abramowitz and Stegun's 7.1.26, whose error is below 1.5e-7.
        @inline(__always) private static func normal(_ x: Vector) -> (distribution: Vector, exponential: Vector) {
            let isNegative = x .< 0
            let size = x.replacing(with: -x, where: isNegative)
            let exponential = Elementwise.exp(-0.5 * x * x)
            let t = 1 / (1 + 0.231_641_9 * size)
            var p = Vector(repeating: 1.061_405_43)
            p = p * t - 1.453_152_03
            p = p * t + 1.421_413_74
            p = p * t - 0.284_496_737
            p = p * t + 0.254_829_592
            let tail = 0.5 * p * t * exponential
            return ((1 - tail).replacing(with: tail, where: isNegative), exponential)
        }
        @inline(__always) static func value(_ x: Vector) -> Vector { x * normal(x).distribution }
        /// Φ(x) + x · e^(-x²/2) / √(2π)
        @inline(__always) static func slope(_ x: Vector) -> Vector {
            let (distribution, exponential) = normal(x)
            return distribution + x * exponential * 0.398_942_28
        }
    }

    enum QuickGELU: VectorFunction {
        @inline(__always) static func value(_ x: Vector) -> Vector { x / (1 + Elementwise.exp(-1.702 * x)) }
        /// σ(1.702 x) · (1 + 1.702 x · (1 - σ(1.702 x)))
        @inline(__always) static func slope(_ x: Vector) -> Vector {
            let scaled = 1.702 * x
            let sigmoid = Elementwise.sigmoid(scaled)
            return sigmoid * (1 + scaled * (1 - sigmoid))
        }
    }

    enum Tanh: VectorFunction {
        /// 2 σ(2x) - 1.
        @inline(__always) static func value(_ x: Vector) -> Vector { 2 * Elementwise.sigmoid(2 * x) - 1 }
        /// 1 - tanh(x)² as 4 σ(2x) σ(-2x), which does not cancel.
        @inline(__always) static func slope(_ x: Vector) -> Vector { 4 * Elementwise.sigmoid(2 * x) * Elementwise.sigmoid(-2 * x) }
    }

    enum ReLU: VectorFunction {
        @inline(__always) static func value(_ x: Vector) -> Vector { x.replacing(with: 0, where: x .< 0) }
        /// 0 at 0, as PyTorch has it.
        @inline(__always) static func slope(_ x: Vector) -> Vector { Vector.zero.replacing(with: 1, where: x .> 0) }
    }
}
