import Engine
import Testing

@Suite struct SpreadPixelsTests {
    @Test func allOfASmallMapAreTaken() {
        let pixels = SpreadPixels(1000)
        #expect((0..<pixels.count).map(pixels.pixel) == Array(0..<1000))
        #expect(SpreadPixels(0).count == 0)
    }

    /// Places of maps that were enlarged by 2 and by 4 are taken alike, wherever in their squares they are.
    @Test(arguments: [1 << 17, 1 << 18, 64 * 64 * 64, 64 * 256 * 256, (1 << 20) + 3])
    func noPlaceOfAnEnlargedMapIsLeftOut(all: Int) {
        let pixels = SpreadPixels(all)
        #expect(pixels.count <= 1 << 16 && pixels.count > 1 << 14)
        #expect(pixels.pixel(pixels.count - 1) < all)
        var counts = [Int](repeating: 0, count: 4)
        for number in 0..<pixels.count { counts[pixels.pixel(number) % 4] += 1 }
        #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1, "\(counts)")
    }
}
