import Engine
import Testing

@Suite struct WeightsTests {
    private let parameters = [
        Parameter("conv.weight", [3, 2, 3, 3], .uniform(fanIn: 18)), Parameter("conv.bias", [3], .uniform(fanIn: 18)),
        Parameter("linear.weight", [5, 7], .uniform(fanIn: 7)), Parameter("point.weight", [4, 5, 1, 1], .uniform(fanIn: 5)),
        Parameter("strange.weight", [2, 3, 1, 2], .zeros),
    ]

    private func numbered(_ parameter: Parameter) -> [Float] { (0..<parameter.count).map { Float($0 + 1) } }

    @Test func valuesComeBackInTheCheckpointsOrder() {
        let weights = Weights(parameters)
        for index in parameters.indices { weights.setTorchOrder(index, numbered(parameters[index])) }
        for index in parameters.indices { #expect(weights.torchOrder(index) == numbered(parameters[index])) }
    }

    @Test func convolutionWeightsLieAsOutHeightWidthIn() {
        let weights = Weights(parameters)
        weights.setTorchOrder(0, numbered(parameters[0]))
        for out in 0..<3 {
            for channel in 0..<2 {
                for tap in 0..<9 {
                    #expect(weights.pointer(0)[(out * 9 + tap) * 2 + channel] == Float((out * 2 + channel) * 9 + tap + 1))
                }
            }
        }
        weights.setTorchOrder(2, numbered(parameters[2]))
        #expect((0..<35).map { weights.pointer(2)[$0] } == numbered(parameters[2]))
    }

    @Test func tensorsNeitherOverlapNorShareTheirPadding() {
        let weights = Weights(parameters)
        for index in parameters.indices { weights.setTorchOrder(index, numbered(parameters[index])) }
        let sum = parameters.reduce(Float(0)) { $0 + numbered($1).reduce(0, +) }
        #expect(weights.buffer.array.reduce(0, +) == sum)
        #expect(weights.buffer.array.filter { $0 != 0 }.count == parameters.reduce(0) { $0 + $1.count })
    }

    @Test func aCopyHasItsOwnMemory() {
        let weights = Weights(parameters)
        weights.setTorchOrder(1, [1, 2, 3])
        let copy = weights.copy()
        weights.setTorchOrder(1, [4, 5, 6])
        #expect(copy.torchOrder(1) == [1, 2, 3])
        #expect(copy.index(of: "linear.weight") == 2)
        #expect(copy.index(of: "linear") == nil)
    }

    @Test func aWrongNumberOfValuesIsNotTaken() {
        let weights = Weights(parameters)
        weights.setTorchOrder(1, [1, 2, 3])
        weights.setTorchOrder(1, [4, 5])
        weights.setTorchOrder(1, [6, 7, 8, 9])
        #expect(weights.torchOrder(1) == [1, 2, 3])
    }
}
