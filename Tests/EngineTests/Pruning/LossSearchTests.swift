import Engine
import Foundation
import Testing

@Suite struct LossSearchTests {
    /// Goes through a search, of cuts that leave what they may, rounded down to a grain, and no less than the narrowest.
    private static func trials(
        _ search: LossSearch, grain: Int = 1, narrowest: Int = 0, _ loss: (Double) -> Double?
    ) -> [LossSearch.Trial] {
        var trials: [LossSearch.Trial] = []
        while let parts = search.next(after: trials) {
            #expect(trials.count < 40, "it must come to an end")
            guard trials.count < 40 else { break }
            let left = parts / grain * grain
            trials.append(
                left < narrowest
                    ? .init(parts: parts, multiplyAccumulates: nil, loss: nil)
                    : .init(parts: parts, multiplyAccumulates: left * 1000, loss: loss(Double(left) / Double(LossSearch.parts))))
        }
        return trials
    }

    private static func search(_ rule: LossSearch.Rule) -> LossSearch {
        LossSearch(rule, loss: 1, multiplyAccumulates: LossSearch.parts * 1000)
    }

    /// A loss that rises evenly as less is left.
    private static func even(_ share: Double) -> Double { 2 - share }

    @Test("the furthest cut that a rise allows is found, in few trials", arguments: [0.0, 0.05, 0.1, 0.2, 0.5, 0.97, 3.0])
    func increases(most: Double) throws {
        let search = Self.search(.increase(most))
        let trials = Self.trials(search, Self.even)
        let best = try #require(search.best(of: trials))
        let allowed = (1...LossSearch.parts).filter { parts in
            search.increase(.init(parts: parts, multiplyAccumulates: nil, loss: Self.even(Double(parts) / Double(LossSearch.parts)))) ?? 9
                <= most
        }
        #expect(best.parts == allowed.first)
        #expect(trials.count <= 10)
    }

    @Test("cuts that are alike are not tried twice")
    func grains() throws {
        let search = Self.search(.increase(0.3))
        let trials = Self.trials(search, grain: 40, Self.even)
        #expect(search.best(of: trials)?.multiplyAccumulates == 160_000)
        #expect(trials.count <= 8)
        let bending = Self.trials(Self.search(.bend), grain: 30) { pow($0, -0.5) }
        let left = bending.compactMap(\.multiplyAccumulates)
        // That the first of either nearer look is the lowest itself cannot be known before.
        #expect(left.count - Set(left).count <= 2, "\(left)")
    }

    @Test("where the rise goes as a power it is foretold, and found at once", arguments: [1.5, 2.2, 4.0])
    func powers(power: Double) throws {
        let search = Self.search(.increase(0.2))
        let trials = Self.trials(search) { 1 + 6 * pow(1 - $0, power) }
        #expect(trials.count <= 6)
        let known = Array(trials.prefix(3))
        let predicted = try #require(search.predicted(trials[3].parts, after: known))
        #expect(abs(predicted - (trials[3].loss ?? 0)) < 0.02)
        #expect(search.predicted(150, after: [trials[0]]) == nil)
    }

    @Test("what no cut leaves is too far, and what is not finite")
    func ends() throws {
        let search = Self.search(.increase(10))
        #expect(search.best(of: Self.trials(search, narrowest: 90) { _ in 1 })?.parts == 90)
        #expect(search.best(of: Self.trials(search) { $0 < 0.5 ? .nan : 1 })?.parts == 100)
        #expect(search.best(of: Self.trials(search) { $0 < 0.5 ? .infinity : 1 })?.parts == 100)
    }

    @Test("where the first cut is not allowed nothing is")
    func nothing() {
        let search = Self.search(.increase(0.1))
        let trials = Self.trials(search) { _ in 2 }
        #expect(trials.count == 1)
        #expect(search.best(of: trials) == nil)
    }

    @Test("the bend is where loss times work is least", arguments: [0.25, 0.4, 0.55, 0.7])
    func bends(bend: Double) throws {
        let search = Self.search(.bend)
        // A half per cent of loss for every per cent less of work, and three beyond the bend.
        let trials = Self.trials(search) { share in
            share >= bend ? pow(share, -0.5) : pow(bend, -0.5) * pow(share / bend, -3)
        }
        let best = try #require(search.best(of: trials))
        #expect(abs(Double(best.parts) / Double(LossSearch.parts) - bend) <= 0.025)
        #expect(trials.count <= 16)
    }

    @Test("what lies beyond the first bend is not looked at")
    func saturates() throws {
        let search = Self.search(.bend)
        // A network that knows nothing has a loss that rises no more, however little is left.
        let trials = Self.trials(search) { share in share >= 0.6 ? 1.2 - share / 5 : min(40, 1 + pow((0.6 - share) * 20, 2)) }
        let best = try #require(search.best(of: trials))
        #expect((110...130).contains(best.parts))
        #expect(trials.allSatisfy { $0.parts >= 80 })
    }

    @Test("where every cut costs more than it saves nothing is cut")
    func steep() throws {
        let search = Self.search(.bend)
        let trials = Self.trials(search) { pow($0, -2) }
        #expect(search.best(of: trials)?.parts == LossSearch.parts)
    }

    @Test("a search goes on from what is known of it")
    func resumes() {
        for rule in [LossSearch.Rule.increase(0.2), .bend] {
            let search = Self.search(rule)
            let whole = Self.trials(search, Self.even)
            for count in whole.indices {
                #expect(search.next(after: Array(whole.prefix(count))) == whole[count].parts)
            }
        }
    }
}
