import Engine
import Testing

/// Every operator at every size passes the one conformance test; what concerns a single operator follows below.
@Suite struct OperatorTests {
    @Test(arguments: OperatorCases.all)
    func shapesAreAsWrittenAndWrongOnesAreRefusedByName(example: OperatorCase) throws {
        try OperatorConformance(example).checkShapes()
    }

    @Test(arguments: OperatorCases.all)
    func forwardAgreesWithThePlainTwin(example: OperatorCase) throws {
        try OperatorConformance(example).checkForward(threads: [1, 2])
    }

    @Test(arguments: OperatorCases.all)
    func gradientsAgreeWithFiniteDifferences(example: OperatorCase) throws {
        try OperatorConformance(example).checkGradients(threads: [1, 2])
    }

    @Test(arguments: OperatorCases.all)
    func cuttingIsSlicing(example: OperatorCase) throws {
        try OperatorConformance(example).checkCutting(threads: [1, 2])
    }

    @Test(arguments: OperatorCases.all)
    func costIsAPlainCount(example: OperatorCase) throws {
        try OperatorConformance(example).checkCost()
    }

    @Test func attentionLosesWholeHeadsAsASliceOfTheUncut() throws {
        var generator = TorchGenerator(seed: 1)
        let inputs = [6, 6, 9].map { channels in
            Samples(
                batch: 2, shape: Shape(height: 2, width: 3, channels: channels),
                values: generator.uniform(12 * channels, from: -1, to: 1).map(Double.init))
        }
        // The middle one of three heads goes: channels 2 and 3 of q and k, 3 to 5 of v.
        let kept = [[0, 1, 4, 5], [0, 1, 4, 5], [0, 1, 2, 6, 7, 8]]
        let cut = Attention(heads: 3).cut(KeptChannels(inputs: kept, output: kept[2], inputWidths: [6, 6, 9]))
        let run = try OperatorRun(cut, zip(inputs, kept).map { $0.keeping($1) }, [], threads: 1)
        run.forward()
        let expected = Twin.attention(heads: 3)(inputs).keeping(kept[2])
        #expect(largestDifference(run.output.values, expected.values.map { Float($0) }) < 1e-6)
    }

    @Test func siluIsExactOverTheWholeRangeOfItsExponential() throws {
        let values = stride(from: -110.0, through: 110, by: 0.0037).map { Double(Float($0)) }
        let run = try OperatorRun(Activation(.silu), [Samples(batch: 1, shape: .vector(values.count), values: values)], [], threads: 1)
        run.forward()
        for (x, y) in zip(values, run.output.values) {
            let expected = Twin.silu([Samples(batch: 1, shape: .vector(1), values: [x])]).values[0]
            // Below -87 the exponential saturates; what is left is below float32's smallest normal number times x.
            #expect(abs(Double(y) - expected) <= 4e-7 * abs(expected) + 1e-35, "silu(\(x))")
        }
    }

    @Test func notANumberStaysNotANumber() throws {
        let input = Samples(batch: 1, shape: .vector(9), values: [1, .nan, 2, 3, 4, 5, 6, 7, .nan])
        let run = try OperatorRun(Activation(.silu), [input], [], threads: 1)
        run.forward()
        #expect(run.output.values.map(\.isNaN) == input.values.map(\.isNaN))
    }

    @Test func aLargestThatIsNotANumberStaysSoInEveryWindow() throws {
        let input = Samples(batch: 1, shape: Shape(height: 1, width: 4, channels: 1), values: [1, .nan, 2, 3])
        let run = try OperatorRun(MaxPool(stride: 1, padding: 1), [input], [], threads: 1)
        run.forward()
        #expect(run.output.values.map(\.isNaN) == [true, true, true, false])
    }
}
