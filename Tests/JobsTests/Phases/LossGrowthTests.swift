import Jobs
import Testing

/// A fine-tuning that made its loss larger is told of; one whose losses scatter is not.
@Suite struct LossGrowthTests {
    /// Losses that scatter about a mean by half of it.
    private func losses(_ mean: Double, _ count: Int) -> [Double] { (0..<count).map { mean * (1 + 0.5 * Double($0 % 3 - 1)) } }

    private func codes(_ first: [Double], _ last: [Double]) -> [String] { LossGrowth(first: first, last: last).warnings.map(\.code) }

    @Test func aLossThatFellIsNoWarning() {
        #expect(codes(losses(0.5, 100), losses(0.1, 100)) == [])
        #expect(codes(losses(0.5, 100), losses(0.5, 100)) == [])
    }

    @Test func aLossThatGrewIsToldWithItsFigures() {
        let warnings = LossGrowth(first: losses(0.1, 99), last: losses(0.15, 99)).warnings
        #expect(warnings.map(\.code) == ["finetuning_worse"])
        #expect(warnings.first?.detail.contains("0.1 over the first 99 steps and 0.15 over the last") == true, "\(warnings)")
    }

    @Test func whatScatterExplainsIsNotTold() {
        // Eight losses tell a mean to a sixth of it.
        #expect(codes(losses(0.1, 8), losses(0.115, 8)) == [])
        #expect(codes([0.1, 0.9], [0.3, 0.9]) == [])
    }

    @Test func aLossFarAboveWhereItBeganHasDiverged() {
        #expect(codes(losses(0.48, 100), losses(41, 100)) == ["finetuning_diverged"])
        #expect(codes(losses(0.1, 30), losses(0.4, 30)) == ["finetuning_diverged"])
        // It blew up within the first steps, and came back to less than their mean.
        let blown = LossGrowth(first: [0.48, 9, 2733] + losses(300, 97), last: losses(41, 99), peak: 2733).warnings
        #expect(blown.map(\.code) == ["finetuning_diverged"])
        #expect(blown.first?.detail.contains("0.48 at the first step, 2733.0 at its highest and 41") == true, "\(blown)")
        #expect(LossGrowth(first: losses(0.5, 100), last: losses(1, 100), peak: 50).warnings.map(\.code) == ["finetuning_diverged"])
        // One that blew up and got over it has not made things worse.
        #expect(LossGrowth(first: losses(0.5, 100), last: losses(0.1, 100), peak: 50).warnings.isEmpty)
        // However few steps there are: a network that knows nothing has a loss of 1.
        #expect(codes([0.5], [2733]) == ["finetuning_diverged"])
        #expect(codes([0.01], [0.9]) == [])
        #expect(codes([0.5], [.infinity]) == ["finetuning_diverged"])
    }

    @Test func theWindowsDoNotOverlap() {
        for steps in 1...3000 {
            let window = LossGrowth.window(of: steps)
            #expect(2 * window <= steps && window <= 100 && (steps < 16 || window >= 8))
        }
        #expect(codes([], []) == [])
    }
}
