import Engine
import Foundation
import Synchronization
import Testing

/// Cuts that are to leave no more than is said, and not much less.
@Suite struct TargetedCutTests {
    static let models = ["example", "cifar10"]
    static let fractions = [0.3, 0.5, 0.7]
    static let counted = [CutResource.macs, .parameters, .size]
    /// Those that are known without running a network.
    static let exact = CutResource.allCases.filter(\.isCounted)

    private static let gauge = CutGauge(formats: NumberFormats(.float32), parallel: Parallel(threads: 2))

    /// The network of `make demo`, and google/ddpm-cifar10-32's.
    private static func model(_ name: String) throws -> UNet2DModel {
        if name == "example" { return try UNet2DModel(UNet2DConfiguration(json: Golden.data("example/config.json"))) }
        guard name == "cifar10" else { return try Golden.unet(name).model }
        let document = try JSONSerialization.jsonObject(with: Golden.data("pruning/cifar10.json")) as? [String: Any]
        return try UNet2DModel(UNet2DConfiguration(json: JSONSerialization.data(withJSONObject: try #require(document?["config"]))))
    }

    /// What is left of a model, whose channels have random scores times what their group is worth.
    private static func cut(
        _ model: UNet2DModel, _ target: CutTarget, _ widths: Widths, _ allocation: Allocation, gauge: CutGauge = gauge,
        timeEmbedding: TimeEmbeddingRule = .table, worth: (ChannelGroup) -> Double = { _ in 1 }
    ) throws -> (limits: [CutResource: Int], kept: [[Int]], network: UNet2DModel) {
        let limits = try target.amounts { try gauge.amount($0, of: model) }
        var generator = TorchGenerator(seed: 5)
        let importance = model.graph.channelGroups().map { group in generator.rand(group.width).map { worth(group) * (0.5 + Double($0)) } }
        let cut = try TargetedCut(
            model, limits: limits, widths: widths, blockRules: model.blockRules(timeEmbedding), timesteps: 1000, gauge: gauge)
        let kept = try cut.kept(allocation, importance: importance)
        return (limits, kept, try #require(try model.pruned(kept: kept, widths: widths, steps: 1000) as? UNet2DModel))
    }

    /// What every cut with one width for all blocks of each width leaves, found by making all of them.
    private static func all(_ model: UNet2DModel) throws -> [[CutResource: Int]] {
        let groups = model.graph.channelGroups()
        let blocks = Set(model.blockWidths ?? []).sorted()
        let (narrow, wide) = (try #require(blocks.first), try #require(blocks.last))
        let grain = groups.filter { $0.rule == .block }.map(\.normGroups).max() ?? 1
        #expect(blocks.count == 2)
        return stride(from: grain, through: narrow, by: grain).flatMap { one in
            stride(from: grain, through: wide, by: grain).compactMap { other -> [CutResource: Int]? in
                let widths = [narrow: one, wide: other]
                let kept = groups.map { group -> [Int] in
                    if case .heads(let block, let head) = group.rule { return Array(0..<((widths[block] ?? block) / head * head)) }
                    guard group.rule == .block, let width = widths[group.width] else { return Array(0..<group.width) }
                    let (size, left) = (group.width / group.normGroups, width / group.normGroups)
                    return (0..<group.normGroups).flatMap { part in (0..<left).map { part * size + $0 } }
                }
                guard let network = try? model.pruned(kept: kept, widths: .diffusers, steps: 1000) else { return nil }
                return try? counted.reduce(into: [:]) { $0[$1] = try gauge.amount($1, of: network) }
            }
        }
    }

    /// The share of the limit that binds which a cut is to use: no more than the best of few cuts does.
    private static func bar(_ limits: [CutResource: Int], _ widths: Widths, _ all: [[CutResource: Int]]) -> Double {
        guard widths == .diffusers else { return 0.95 }
        let used = all.map { amounts in limits.map { Double(amounts[$0.key] ?? 0) / Double($0.value) }.max() ?? 0 }
        return min(0.88, used.filter { $0 <= 1 }.max() ?? 0)
    }

    /// The shares of each limit that a network takes.
    private static func used(_ network: UNet2DModel, _ limits: [CutResource: Int], gauge: CutGauge = gauge) throws -> [Double] {
        try limits.map { try Double(gauge.amount($0.key, of: network)) / Double($0.value) }
    }

    @Test(arguments: models, Widths.allCases)
    func everyTargetIsMetAndUsed(name: String, widths: Widths) throws {
        let model = try Self.model(name)
        let all = widths == .diffusers ? try Self.all(model) : []
        #expect(widths == .free || !all.isEmpty)
        for resource in Self.counted {
            for fraction in Self.fractions {
                for allocation in Allocation.allCases {
                    let (limits, kept, network) = try Self.cut(model, CutTarget([resource: .fraction(fraction)]), widths, allocation)
                    let used = try Self.used(network, limits).max() ?? 0
                    #expect(used <= 1, "\(resource) \(fraction) \(allocation)")
                    #expect(used >= Self.bar(limits, widths, all), "\(resource) \(fraction) \(allocation)")
                    #expect(
                        zip(model.graph.channelGroups(), kept).allSatisfy { group, kept in
                            let parts = max(1, max(group.normGroups, widths == .free ? group.heads : 1))
                            let counts = kept.reduce(into: [Int](repeating: 0, count: parts)) { $0[$1 / (group.width / parts)] += 1 }
                            return counts.allSatisfy { $0 == counts[0] && $0 > 0 }
                        })
                }
            }
        }
    }

    @Test(arguments: models, Widths.allCases)
    func severalLimitsHoldAtOnce(name: String, widths: Widths) throws {
        let model = try Self.model(name)
        let target = CutTarget([
            .macs: .fraction(0.6), .parameters: .fraction(0.5), .size: .absolute(4 * model.graph.parameterCount / 10 * 7),
        ])
        let all = widths == .diffusers ? try Self.all(model) : []
        #expect(widths == .free || !all.isEmpty)
        for allocation in Allocation.allCases {
            let (limits, _, network) = try Self.cut(model, target, widths, allocation)
            let used = try Self.used(network, limits)
            #expect(used.allSatisfy { $0 <= 1 })
            #expect(used.max() ?? 0 >= Self.bar(limits, widths, all), "\(allocation)")
        }
    }

    @Test(arguments: [("example", Widths.free), ("example", .diffusers), ("cifar10", .diffusers)])
    func activationMemoryIsOfOneSample(name: String, widths: Widths) throws {
        let model = try Self.model(name)
        for allocation in Allocation.allCases {
            let (limits, _, network) = try Self.cut(
                model, CutTarget([.activationMemory: .fraction(0.7), .macs: .fraction(0.9)]), widths, allocation)
            let used = try Self.used(network, limits)
            #expect(used.allSatisfy { $0 <= 1 })
            #expect(network.graph.sampleBytes(Parallel(threads: 2)) < model.graph.sampleBytes(Parallel(threads: 2)))
        }
    }

    @Test(arguments: ["ddpm", "ldm", "scale_shift", "learned", "classes", "skips"], Allocation.allCases)
    func otherNetworksMeetTargetsToo(name: String, allocation: Allocation) throws {
        let model = try Self.model(name)
        for resource in Self.counted {
            let (limits, _, network) = try Self.cut(model, CutTarget([resource: .fraction(0.6)]), .free, allocation)
            #expect(try Self.used(network, limits).allSatisfy { $0 <= 1 }, "\(resource)")
        }
    }

    @Test(arguments: Widths.allCases, Allocation.allCases)
    func theNearestThatCanBeHadIsToldAndCanBeHad(widths: Widths, allocation: Allocation) throws {
        let model = try Self.model("example")
        for resource in Self.exact {
            let error = #expect(throws: CutTargetError.self) {
                try Self.cut(model, CutTarget([resource: .absolute(1)]), widths, allocation)
            }
            let miss = try #require(error?.misses.first)
            #expect(error?.misses.count == 1 && miss.resource == resource && miss.limit == 1)
            #expect(try miss.original == Self.gauge.amount(resource, of: model) && miss.nearest < miss.original)
            #expect(miss.description.contains("\(miss.nearest)"))
            let (_, _, network) = try Self.cut(model, CutTarget([resource: .absolute(miss.nearest)]), widths, allocation)
            #expect(try Self.gauge.amount(resource, of: network) <= miss.nearest)
        }
    }

    @Test(arguments: Widths.allCases, Allocation.allCases)
    func whatMeetsTheTargetStaysWhole(widths: Widths, allocation: Allocation) throws {
        let model = try Self.model("example")
        let target = CutTarget(Dictionary(uniqueKeysWithValues: Self.exact.map { ($0, .fraction(1)) }))
        let kept = try Self.cut(model, target, widths, allocation).kept
        #expect(kept == model.graph.channelGroups().map { Array(0..<$0.width) })
    }

    @Test func theSizeIsOfTheFormatInWhichItIsWritten() throws {
        let model = try Self.model("example")
        let half = CutGauge(formats: NumberFormats(.float16), parallel: Parallel(threads: 2))
        let limit = try Self.gauge.amount(.size, of: model) / 2
        // Half of every number is nearly half of the file.
        let (limits, _, network) = try Self.cut(model, CutTarget([.size: .absolute(limit)]), .free, .global, gauge: half)
        #expect(try Self.used(network, limits, gauge: half)[0] <= 1)
        #expect(network.graph.parameterCount > model.graph.parameterCount * 9 / 10)
    }

    @Test func whatIsWorthMoreKeepsMore() throws {
        let model = try Self.model("example")
        func first(_ worth: Double) throws -> Int {
            let isFirst = { (group: ChannelGroup) in group.name.hasPrefix("down_blocks.0") || group.name == "conv_in" }
            let kept = try Self.cut(model, CutTarget([.macs: .fraction(0.5)]), .free, .global) { isFirst($0) ? worth : 1 }.kept
            return zip(model.graph.channelGroups(), kept).reduce(0) { $0 + (isFirst($1.0) ? $1.1.count : 0) }
        }
        #expect(try first(50) > first(0.02))
    }

    /// What a network takes on a machine that needs a time of its own for every layer, and relatively more for narrow ones.
    private static func times(_ graph: Graph) -> [String: Double] {
        Dictionary(
            graph.nodes.map { node in
                let work = node.operation.multiplyAccumulates(inputs: node.inputs.map { graph.nodes[$0].shape }, output: node.shape)
                return (node.name, 2000 + pow(Double(work), 0.8) + Double(node.shape.count))
            }
        ) { $0 + $1 }
    }

    @Test(arguments: Widths.allCases, Allocation.allCases)
    func secondsAreMetAndUsed(widths: Widths, allocation: Allocation) throws {
        let model = try Self.model("example")
        let clock = SampleClock(nanoseconds: { Int(Self.times($0).values.reduce(0, +)) }, table: Self.times)
        let gauge = CutGauge(formats: NumberFormats(.float32), parallel: Parallel(threads: 2), clock: clock)
        for fraction in [0.5, 0.65, 0.8] {
            let (limits, _, network) = try Self.cut(
                model, CutTarget([.secondsPerSample: .fraction(fraction)]), widths, allocation, gauge: gauge)
            let used = try #require(Self.used(network, limits, gauge: gauge).first)
            #expect(used <= 1 && used >= (widths == .free ? 0.95 : 0.88), "\(fraction): \(used)")
        }
        let (limits, _, network) = try Self.cut(
            model, CutTarget([.secondsPerSample: .fraction(0.9), .parameters: .fraction(0.5)]), widths, allocation, gauge: gauge)
        #expect(try Self.used(network, limits, gauge: gauge).allSatisfy { $0 <= 1 })
        let error = #expect(throws: CutTargetError.self) {
            try Self.cut(model, CutTarget([.secondsPerSample: .absolute(1000)]), widths, allocation, gauge: gauge)
        }
        #expect(error?.misses.map(\.resource) == [.secondsPerSample])
    }

    @Test func aNetworksTimeIsMeasured() throws {
        // Every question is a second.
        let questions = Mutex(0.0)
        let clock = SampleClock(passes: 10, samples: 2, memory: .max, parallel: Parallel(threads: 1)) {
            questions.withLock { asked in
                asked += 1
                return asked
            }
        }
        let model = try Self.model("learned")
        let gauge = CutGauge(formats: NumberFormats(.float32), parallel: Parallel(threads: 1), clock: clock)
        #expect(try gauge.amount(.secondsPerSample, of: model) == 5_000_000_000)
    }

    @Test(arguments: Allocation.allCases)
    func aSinusoidThatStaysKeepsTheFirstBlock(allocation: Allocation) throws {
        let model = try Self.model("example")
        let (limits, _, network) = try Self.cut(
            model, CutTarget([.parameters: .fraction(0.6)]), .diffusers, allocation, timeEmbedding: .sinusoid)
        #expect(network.blockWidths?.first == model.blockWidths?.first)
        #expect(try Self.used(network, limits).allSatisfy { $0 <= 1 })
    }

    @Test func fractionsAreRoundedDown() {
        let target = CutTarget([.macs: .fraction(0.5), .parameters: .absolute(7)])
        #expect(target.amounts { _ in 11 } == [.macs: 5, .parameters: 7])
        // The double next to 0.7 is less than seven tenths.
        #expect(CutTarget([.macs: .fraction(0.7)]).amounts { _ in 5_972_480 } == [.macs: 4_180_736])
    }
}
