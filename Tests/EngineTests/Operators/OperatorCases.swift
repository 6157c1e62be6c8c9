import Engine

/// Sizes at which operators are checked: odd ones, single pixels, channels that fill no vector register, batches of one and three,
/// and maps beyond the thresholds from which work is divided over panels and threads (`Patches`, `PixelProduct`, grains).
enum OperatorCases {
    static let all: [OperatorCase] =
        convolutions + linears + norms + activations + joints + sums + adding + timesteps + resampled + ends + tokens
        + texts + generators + windows

    static func map(_ height: Int, _ width: Int, _ channels: Int) -> Shape {
        Shape(height: height, width: width, channels: channels)
    }

    private static func convolution(
        _ input: Shape, out: Int, batch: Int, kernel: Int = 3, stride: Int = 1, padding: Conv2d.Padding = .symmetric(1), _ sides: [Int]
    ) -> OperatorCase {
        let height = (input.height + sides[0] + sides[2] - kernel) / stride + 1
        let width = (input.width + sides[1] + sides[3] - kernel) / stride + 1
        return OperatorCase(
            name: "Conv2d \(kernel)×\(kernel) / \(stride) + \(sides) → \(out)",
            operation: Conv2d("conv", in: input.channels, out: out, kernel: kernel, stride: stride, padding: padding),
            inputs: [input], batch: batch, twin: .conv2d(stride: stride, padding: sides),
            wrongInputs: [
                [input.with(channels: input.channels + 1)], [input, input], [],
                sides[0] + sides[2] < kernel ? [map(0, 0, input.channels)] : [],
            ],
            multiplyAccumulates: height * width * out * input.channels * kernel * kernel)
    }

    private static let around = [1, 1, 1, 1]
    private static let none = [0, 0, 0, 0]
    private static let after = [0, 0, 1, 1]

    static let convolutions: [OperatorCase] = [
        convolution(map(5, 7, 3), out: 5, batch: 3, around),
        convolution(map(1, 1, 9), out: 7, batch: 1, around),
        convolution(map(1, 4, 2), out: 1, batch: 3, around),
        convolution(map(5, 4, 3), out: 10, batch: 1, padding: .symmetric(0), none),
        convolution(map(3, 4, 2), out: 3, batch: 3, padding: .symmetric(2), [2, 2, 2, 2]),
        convolution(map(4, 5, 3), out: 2, batch: 1, padding: .belowAndRight, after),
        convolution(map(7, 5, 6), out: 3, batch: 3, stride: 2, around),
        convolution(map(8, 8, 3), out: 9, batch: 1, stride: 2, around),
        convolution(map(6, 8, 5), out: 9, batch: 1, stride: 2, padding: .belowAndRight, after),
        convolution(map(7, 5, 2), out: 3, batch: 3, stride: 2, padding: .belowAndRight, after),
        convolution(map(4, 3, 10), out: 3, batch: 3, kernel: 1, padding: .symmetric(0), none),
        convolution(map(1, 1, 5), out: 17, batch: 1, kernel: 1, padding: .symmetric(0), none),
        convolution(map(5, 6, 3), out: 4, batch: 3, kernel: 1, stride: 2, padding: .symmetric(0), none),
        // Rows enough for every thread to take its own.
        convolution(map(13, 13, 17), out: 19, batch: 3, kernel: 1, padding: .symmetric(0), none),
        convolution(map(11, 11, 20), out: 17, batch: 3, around),
        // Several panels per thread: going forward, for the input's gradient, of one shared small map, and of a strided map.
        convolution(map(13, 13, 500), out: 2, batch: 3, around),
        convolution(map(13, 13, 2), out: 500, batch: 3, around),
        convolution(map(13, 13, 1400), out: 1, batch: 1, around),
        convolution(map(32, 32, 500), out: 1, batch: 1, stride: 2, around),
        // Tiles of 4×4 and 2×2: maps that they fill and do not fill, of channels that fill vectors and do not; several blocks.
        convolution(map(8, 8, 16), out: 24, batch: 2, around),
        convolution(map(9, 14, 19), out: 29, batch: 3, around),
        convolution(map(7, 3, 21), out: 16, batch: 1, around),
        convolution(map(4, 4, 17), out: 18, batch: 1, around),
        convolution(map(2, 2, 24), out: 16, batch: 3, around),
        convolution(map(33, 47, 203), out: 19, batch: 2, around),
        convolution(map(33, 35, 16), out: 200, batch: 2, around),
        // Few tiles, whose weights are transformed some at a time: of 4×4 in one panel and in several, of 2×2.
        convolution(map(15, 14, 101), out: 59, batch: 1, around),
        convolution(map(21, 17, 50), out: 41, batch: 1, around),
        convolution(map(8, 8, 130), out: 70, batch: 2, around),
    ]

    private static func linear(_ input: Shape, out: Int, batch: Int) -> OperatorCase {
        OperatorCase(
            name: "Linear → \(out)", operation: Linear("linear", in: input.channels, out: out, width: .block),
            inputs: [input], batch: batch, twin: .linear,
            wrongInputs: [[input.with(channels: input.channels + 1)], [input, input], []],
            multiplyAccumulates: input.height * input.width * input.channels * out)
    }

    static let linears: [OperatorCase] = [
        linear(.vector(7), out: 13, batch: 3), linear(.vector(20), out: 33, batch: 1), linear(.vector(1), out: 1, batch: 3),
        linear(map(13, 13, 24), out: 41, batch: 1),
        // Sums in several parts, several blocks of columns, rows that are divided too.
        linear(map(13, 13, 500), out: 430, batch: 1), linear(map(33, 32, 24), out: 41, batch: 1),
    ]

    private static func norm(
        _ input: Shape, groups: Int, batch: Int, epsilon: Float = 1e-6, isActivated: Bool = false, centre: Float = 0
    ) -> OperatorCase {
        let norm = Twin.groupNorm(groups: groups, epsilon: Double(epsilon))
        return OperatorCase(
            name: "GroupNorm in \(groups)\(isActivated ? " and SiLU" : "")",
            operation: GroupNorm("norm", channels: input.channels, groups: groups, epsilon: epsilon, isActivated: isActivated),
            inputs: [input], batch: batch, twin: isActivated ? Twin { Twin.silu([norm($0, $1)]) } : norm,
            wrongInputs: [[input.with(channels: input.channels + groups)], [input, input], []],
            // What is subtracted is rounded to 2⁻²⁴ of the mean, and then seen in units of the deviation, 1/√3.
            cutsLikeZeros: false, centre: centre, tolerance: 2e-5 + Double(abs(centre)) * 2e-7)
    }

    static let norms: [OperatorCase] = [
        norm(map(5, 3, 8), groups: 4, batch: 3), norm(map(3, 4, 12), groups: 3, batch: 1), norm(map(1, 1, 15), groups: 5, batch: 3),
        norm(map(2, 3, 7), groups: 1, batch: 3, epsilon: 1e-2), norm(map(3, 3, 5), groups: 5, batch: 1),
        norm(map(13, 13, 18), groups: 2, batch: 1), norm(map(5, 5, 9), groups: 3, batch: 3, centre: 50),
        norm(map(5, 3, 8), groups: 4, batch: 3, isActivated: true), norm(map(1, 1, 15), groups: 5, batch: 1, isActivated: true),
        norm(map(13, 13, 18), groups: 2, batch: 1, isActivated: true), norm(map(4, 4, 22), groups: 2, batch: 3, isActivated: true),
    ]

    private static func activation(_ function: ActivationFunction, _ input: Shape, batch: Int, range: Float) -> OperatorCase {
        OperatorCase(
            name: "\(function) of ±\(range)", operation: Activation(function), inputs: [input], batch: batch, twin: .activation(function),
            wrongInputs: [], range: range, tolerance: 5e-7)
    }

    static let activations: [OperatorCase] = ActivationFunction.allCases.flatMap { function in
        [
            activation(function, map(5, 3, 7), batch: 3, range: 1), activation(function, map(1, 1, 1), batch: 1, range: 1),
            activation(function, map(3, 3, 5), batch: 1, range: 10), activation(function, map(13, 13, 19), batch: 3, range: 100),
        ]
    }

    private static func concat(_ height: Int, _ width: Int, _ channels: [Int], batch: Int) -> OperatorCase {
        OperatorCase(
            name: "Concat", operation: Concat(), inputs: channels.map { map(height, width, $0) }, batch: batch, twin: .concat,
            wrongInputs: [[map(height, width, 3), map(height, width + 1, 3)], [map(height, width, 3), map(height + 1, width, 3)], []],
            tolerance: 1e-6)
    }

    private static func first(_ count: Int, of input: Shape, batch: Int) -> OperatorCase {
        OperatorCase(
            name: "FirstChannels \(count)", operation: FirstChannels(count), inputs: [input], batch: batch, twin: .firstChannels(count),
            wrongInputs: [[input.with(channels: count - 1)], [input, input], []], tolerance: 1e-6)
    }

    private static func modulation(_ input: Shape, batch: Int) -> OperatorCase {
        OperatorCase(
            name: "ScaleShift", operation: ScaleShift(), inputs: [input, .vector(2 * input.channels)], batch: batch, twin: .scaleShift,
            wrongInputs: [[input], [input, .vector(input.channels)], [input, map(2, 1, 2 * input.channels)]])
    }

    private static func spatial(_ input: Shape, _ small: Shape, batch: Int) -> OperatorCase {
        let wide = map(small.height, small.width * 2 + 1, small.channels)
        return OperatorCase(
            name: "SpatialModulation", operation: SpatialModulation(), inputs: [input, small, small], batch: batch,
            twin: .spatialModulation,
            wrongInputs: [
                [input, small], [input, small, small, small], [input, small, small.with(channels: small.channels + 1)],
                [input, small.with(channels: small.channels + 1), small.with(channels: small.channels + 1)],
                [input, wide, wide],
            ])
    }

    static let joints: [OperatorCase] = [
        concat(3, 3, [5, 3], batch: 1), concat(4, 5, [5, 1, 9], batch: 3), concat(1, 1, [7, 8], batch: 3),
        concat(13, 13, [11, 6], batch: 3),
        first(4, of: map(5, 3, 8), batch: 3), first(1, of: map(1, 1, 9), batch: 1), first(11, of: map(13, 13, 17), batch: 3),
        first(3, of: map(4, 4, 3), batch: 1),
        modulation(map(5, 3, 7), batch: 3), modulation(map(1, 1, 9), batch: 1), modulation(map(13, 13, 9), batch: 1),
        spatial(map(6, 8, 7), map(3, 2, 7), batch: 3), spatial(map(1, 1, 9), map(1, 1, 9), batch: 1),
        spatial(map(12, 12, 17), map(3, 3, 17), batch: 2), spatial(map(4, 6, 3), map(4, 6, 3), batch: 1),
    ]

    private static func add(_ a: Shape, _ b: Shape, scale: Float = 1, batch: Int) -> OperatorCase {
        OperatorCase(
            name: "Add · \(scale)", operation: Add(scale: scale), inputs: [a, b], batch: batch, twin: .add(scale: Double(scale)),
            wrongInputs: [
                [a], [a, a, a], [a, a.with(channels: a.channels + 1)], [a, .vector(a.channels + 1)],
                [a, map(a.height + 1, a.width, a.channels)],
            ],
            tolerance: 5e-6)
    }

    static let sums: [OperatorCase] = [
        add(map(5, 3, 7), map(5, 3, 7), batch: 3), add(map(5, 3, 7), .vector(7), batch: 3), add(.vector(9), .vector(9), batch: 1),
        add(map(3, 3, 10), map(3, 3, 10), scale: 0.5, batch: 1), add(map(3, 4, 5), .vector(5), scale: 0.75, batch: 3),
        add(map(13, 13, 19), map(13, 13, 19), scale: 0.7, batch: 3), add(map(13, 13, 19), .vector(19), batch: 3),
    ]

    /// A layer that adds a map or a vector to its output.
    private static func adding(_ layer: OperatorCase, vector: Bool) -> OperatorCase? {
        guard let operation = layer.operation.adding(), let output = try? layer.operation.outputShape(of: layer.inputs) else { return nil }
        let added = vector ? Shape.vector(output.channels) : output
        let sum = Twin.add(scale: 1)
        return OperatorCase(
            name: "\(layer.name), adding a \(vector ? "vector" : "map")", operation: operation, inputs: layer.inputs + [added],
            batch: layer.batch, twin: Twin { sum([layer.twin([$0[0]], $1), $0[1]]) },
            wrongInputs: [
                layer.inputs, layer.inputs + [added, added], layer.inputs + [added.with(channels: output.channels + 1)],
                layer.inputs + [map(output.height, output.width + 1, output.channels)],
            ],
            multiplyAccumulates: layer.multiplyAccumulates)
    }

    /// Every way in which a convolution and a linear layer are computed, at sizes with ragged ends.
    static let adding: [OperatorCase] = {
        let layers = [
            convolution(map(5, 7, 3), out: 5, batch: 3, around), convolution(map(7, 5, 6), out: 3, batch: 3, stride: 2, around),
            convolution(map(4, 3, 10), out: 3, batch: 3, kernel: 1, padding: .symmetric(0), none),
            convolution(map(13, 13, 17), out: 19, batch: 3, kernel: 1, padding: .symmetric(0), none),
            convolution(map(13, 13, 500), out: 2, batch: 3, around), convolution(map(9, 14, 19), out: 29, batch: 3, around),
            convolution(map(4, 4, 17), out: 18, batch: 1, around), convolution(map(2, 2, 24), out: 16, batch: 3, around),
            convolution(map(33, 35, 16), out: 200, batch: 2, around), linear(map(13, 13, 24), out: 41, batch: 3),
        ]
        return layers.flatMap { [adding($0, vector: false), adding($0, vector: true)] }.compactMap { $0 }
            + [adding(linear(.vector(7), out: 13, batch: 3), vector: true)].compactMap { $0 }
    }()

    private static func sinusoid(_ channels: Int, flip: Bool, shift: Float) -> OperatorCase {
        OperatorCase(
            name: "TimestepEmbedding \(channels) \(flip) \(shift)",
            operation: TimestepEmbedding(channels: channels, flipSinToCos: flip, frequencyShift: shift),
            inputs: [.vector(1)], batch: 3, twin: .timestepEmbedding(channels: channels, flipSinToCos: flip, frequencyShift: Double(shift)),
            wrongInputs: [[.vector(2)], [map(2, 1, 1)], [], [.vector(1), .vector(1)]],
            // An angle of 999 · f has float32's rounding of the exponent, some 10 units of 2⁻²⁴, times itself.
            timesteps: [0, 1, 999], tolerance: 3e-4)
    }

    static let timesteps: [OperatorCase] = [
        sinusoid(8, flip: false, shift: 1), sinusoid(8, flip: true, shift: 0), sinusoid(9, flip: false, shift: 0),
        sinusoid(13, flip: true, shift: 0.5),
        OperatorCase(
            name: "Embedding of timesteps", operation: Embedding("table", rows: 7, channels: 5, isFixed: true), inputs: [.vector(1)],
            batch: 3, twin: .embedding, wrongInputs: [[.vector(2)], [map(1, 2, 1)], [], [.vector(1), .vector(1)]],
            // A timestep that occurs twice in the batch.
            timesteps: [6, 0, 6]),
        OperatorCase(
            name: "Embedding of classes", operation: Embedding("classes", rows: 4, channels: 9, isFixed: false), inputs: [.vector(1)],
            batch: 3, twin: .embedding, wrongInputs: [[.vector(2)], [map(1, 2, 1)], [], [.vector(1), .vector(1)]],
            timesteps: [0, 3, 2]),
        OperatorCase(
            name: "FourierEmbedding", operation: FourierEmbedding("frequencies", frequencies: 6), inputs: [.vector(1)], batch: 3,
            twin: .fourierEmbedding, wrongInputs: [[.vector(2)], [map(1, 2, 1)], [], [.vector(1), .vector(1)]],
            // 2π · ln 1000 is 43: float32's rounding of it.
            timesteps: [0.01, 1, 1000], isTrained: false, tolerance: 1e-5),
    ]
}
