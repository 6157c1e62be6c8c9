import Engine
import Foundation
import Testing

/// The rule of thumb by which a threshold is chosen.
@Suite struct ThresholdChoiceTests {
    private func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 }

    @Test func whatMovesMuchMoreThanIsDueToItsLossIsLeftOut() {
        let choice = ThresholdChoice(losses: [1, 0.5, 0.1, 0.05], moved: [0, 0.2, 0.1, 0.7])
        #expect(choice.kept == 3 && choice.points == 4)
        // Between 0.05 and 0.1.
        #expect(choice.threshold == 0.08)
        #expect(isNear(choice.loss, 1.6 / 1.65) && isNear(choice.moved, 0.7))
        #expect(isNear(choice.due, 0.05 / 1.65 / (0.5 / 1.5 + 0.1 / 1.6 + 0.05 / 1.65)))
    }

    @Test func noThresholdEndsAWalkAtALossThatIsLargerThanOneBefore() {
        // The third is the smallest so far beside the largest; the fourth is not, though it is where the moving begins.
        let choice = ThresholdChoice(losses: [1, 2, 0.3, 1.9, 0.1], moved: [0, 0, 0, 4, 0.1])
        #expect(choice.kept == 2 && choice.threshold == 0.6)
        let late = ThresholdChoice(losses: [1, 2, 0.3, 1.9, 0.1], moved: [0, 0, 0.1, 0, 5])
        #expect(late.kept == 4 && late.threshold == 0.1)
    }

    private static let whole: [(losses: [Double], moved: [Double])] = [
        ([Double](), [Double]()), ([0.5], [0]), ([1, 1, 1], [0, 3, 4]), ([0, 0], [0, 1]), ([1, 0.1, 0.01], [0, 0, 0]),
        ([1, 0.5, 0.25], [0, 3, 0.1]), ([0.1, 0.5, 1], [0, 0.1, 3]), ([1, 0.9, 0.8], [0, 1, 1]),
    ]

    @Test(arguments: whole) func otherwiseAllPointsCount(losses: [Double], moved: [Double]) {
        let choice = ThresholdChoice(losses: losses, moved: moved)
        #expect(choice.kept == losses.count && choice.threshold == 0)
        #expect(choice.loss == 1 && choice.moved == 0 && choice.due == 0)
    }

    @Test func aWalkWithTheChosenThresholdEndsJustThere() {
        var generator = TorchGenerator(seed: 1)
        var stopped = 0
        for size in 1...200 {
            let fall = Double(size) / 50
            let losses = generator.rand(size).enumerated().map { (0.01 + Double($1)) / (1 + fall * Double($0)) }
            let choice = ThresholdChoice(losses: losses, moved: generator.rand(size).map(Double.init))
            var largest = 0.0
            let end = losses.firstIndex { loss in
                largest = max(largest, loss)
                return loss < choice.threshold * largest
            }
            #expect((end ?? size) == choice.kept, "\(losses)")
            stopped += end == nil ? 0 : 1
        }
        #expect(stopped > 50)
    }

    @Test func whatAPointMovesIsHalfOfWhatSharesChangeBy() throws {
        // The one group of Narrowing has three channels.
        let groups = try Narrowing(json: Data(), shapes: [:]).graph.channelGroups()
        let history = ImportanceHistory(points: 4, groups: groups)
        for importance in [[1.0, 1, 2], [2, 2, 4], [4, 2, 2], [0, 0, 0]] { history.add(0.5, [importance]) }
        #expect(history.moved == [0, 0, 0.25, 0.5])
        #expect(history.importance(after: 3) == [[4, 2, 2]])
    }
}
