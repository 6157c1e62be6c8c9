import Foundation
import Jobs
import Testing

@Suite struct ThresholdForecastTests {
    /// A loss that falls as a power of the timestep, up and down by a twentieth.
    private func loss(_ point: Int) -> Double { 0.6 * pow(Double(point) + 1, -0.6) * (point % 20 == 0 ? 1.05 : 0.95) }

    @Test(arguments: [1, 10], [0.02, 0.05])
    func anEighthOfTheWayTellsTheRestWithinAThird(stride: Int, threshold: Double) throws {
        let points = Array(Swift.stride(from: 0, to: 1000, by: stride))
        let largest = points.map(loss).max() ?? 0
        let end = points.firstIndex { loss($0) < threshold * largest } ?? points.count
        var forecast = ThresholdForecast(points: points, threshold: threshold)
        for point in points.prefix(max(12, end / 8)) { forecast.add(point, loss: loss(point)) }
        let expected = try #require(forecast.expected)
        #expect(abs(Double(expected) - Double(end)) <= max(3, Double(end) / 3), "\(expected), not \(end)")
    }

    @Test func nothingIsToldOfTooFewLossesOrOfSuchAsDoNotFall() {
        var forecast = ThresholdForecast(points: Array(0..<100), threshold: 0.05)
        for point in 0..<5 {
            forecast.add(point, loss: 1 / Double(point + 1))
            #expect(forecast.expected == nil)
        }
        var rising = ThresholdForecast(points: Array(0..<100), threshold: 0.05)
        for point in 0..<50 { rising.add(point, loss: 0.1 + Double(point) / 100) }
        #expect(rising.expected == nil)
    }

    /// However the line goes on, there are no fewer than were seen, nor more than there are.
    @Test func itStaysWithinWhatThereIs() throws {
        var steep = ThresholdForecast(points: Array(0..<100), threshold: 0.9)
        for point in 0..<40 { steep.add(point, loss: pow(Double(point) + 1, -2)) }
        #expect(steep.expected == 41)
        var flat = ThresholdForecast(points: Array(0..<100), threshold: 1e-6)
        for point in 0..<40 { flat.add(point, loss: pow(Double(point) + 1, -0.1)) }
        #expect(flat.expected == 100)
    }
}
