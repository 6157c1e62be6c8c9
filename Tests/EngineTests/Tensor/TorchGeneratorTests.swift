import Engine
import Testing

struct TorchGeneratorTests {
    private struct Golden: Decodable {
        struct Sequence: Decodable {
            let seed: Int
            let calls: [Call]
        }
        struct Call: Decodable {
            let name: String
            let count: Int
            let below: Int?
            let values: [Double]
        }
        let sequences: [Sequence]
    }

    @Test func mixedCallsGiveWhatPyTorchGives() throws {
        for sequence in try GoldenFile.decode("torch_generator.json", as: Golden.self).sequences {
            var generator = TorchGenerator(seed: sequence.seed)
            for call in sequence.calls {
                let expected = call.values.map { Float($0) }
                switch call.name {
                case "randint":
                    #expect(generator.randint(below: call.below ?? 0, count: call.count) == call.values.map { Int($0) })
                case "rand":
                    #expect(generator.rand(call.count) == expected)
                case "uniform":
                    #expect(generator.uniform(call.count, from: -0.1234567, to: 0.7) == expected)
                default:
                    #expect(largestDifference(generator.randn(call.count), expected) <= 3e-7, "randn(\(call.count))")
                }
            }
        }
    }

    @Test func seedsCountModuloTwoToThe32() {
        var first = TorchGenerator(seed: 7)
        var second = TorchGenerator(seed: 7 + 1 << 32)
        #expect(first.rand(10) == second.rand(10))
    }

    @Test func copiesGoTheirOwnWays() {
        var first = TorchGenerator(seed: 1)
        _ = first.randn(1)
        var second = first
        #expect(first.randn(1) == second.randn(1))
        _ = first.rand(1)
        #expect(first.rand(1) != second.rand(1))
    }
}
