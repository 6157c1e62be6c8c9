import Engine
import Testing

struct EvaluationTests {
    private struct Golden: Decodable {
        struct Case: Decodable {
            let shape: [Int]
            let first: [UInt8]
            let second: [UInt8]
            let ssim: [Double]
            let mse: Double
        }
        let cases: [Case]
        let samples: [UInt32]
        let quantised: [UInt8]
    }

    private func pictures(_ shape: [Int], _ bytes: [UInt8]) -> Pictures {
        Pictures(count: shape[0], channels: shape[1], height: shape[2], width: shape[3], bytes: bytes)
    }

    @Test func similarityAndErrorAreThoseOfTheReference() throws {
        for golden in try GoldenFile.decode("evaluation.json", as: Golden.self).cases {
            let first = pictures(golden.shape, golden.first)
            let second = pictures(golden.shape, golden.second)
            let similarity = try #require(StructuralSimilarity.perSample(first, second))
            #expect(similarity.count == golden.ssim.count)
            for (found, expected) in zip(similarity, golden.ssim) { #expect(abs(found - expected) < 2e-6) }
            #expect(abs(first.meanSquaredError(to: second) - golden.mse) < 1e-12)
        }
    }

    @Test func samplesAreQuantisedAsPyTorchRounds() throws {
        let golden = try GoldenFile.decode("evaluation.json", as: Golden.self)
        let samples = golden.samples.map { Float(bitPattern: $0) }
        #expect(samples.withUnsafeBufferPointer { Pictures.quantize($0) } == golden.quantised)
        #expect([Float.nan].withUnsafeBufferPointer { Pictures.quantize($0) } == [0])
    }

    @Test func similarityNeedsElevenPixelsAndEqualShapes() {
        let small = pictures([1, 1, 10, 20], [UInt8](repeating: 1, count: 200))
        let tall = pictures([1, 1, 20, 10], [UInt8](repeating: 1, count: 200))
        let wide = pictures([1, 1, 11, 11], [UInt8](repeating: 1, count: 121))
        #expect(StructuralSimilarity.perSample(small, small) == nil)
        #expect(StructuralSimilarity.perSample(small, tall) == nil)
        #expect(StructuralSimilarity.perSample(wide, small) == nil)
        #expect(StructuralSimilarity.perSample(wide, wide) == [1])
    }

    @Test func picturesAreLaidOutAsTorchvisionDoes() {
        // Three pictures of 1×2 pixels and three channels: two a row, so the fourth place stays black.
        let bytes: [UInt8] = (0..<18).map { UInt8($0 + 1) }
        let grid = SampleGrid(pictures([3, 3, 1, 2], bytes))
        #expect(grid.width == 10 && grid.height == 8 && grid.channels == 3)
        func pixel(_ row: Int, _ column: Int) -> [UInt8] { (0..<3).map { grid.bytes[(row * 10 + column) * 3 + $0] } }
        #expect(pixel(2, 2) == [1, 3, 5])
        #expect(pixel(2, 3) == [2, 4, 6])
        #expect(pixel(2, 6) == [7, 9, 11])
        #expect(pixel(5, 2) == [13, 15, 17])
        #expect(pixel(5, 6) == [0, 0, 0])
        #expect(pixel(2, 4) == [0, 0, 0])
        #expect(grid.bytes.filter { $0 != 0 }.count == 18)
    }

    @Test func aSinglePictureHasNoBorder() {
        let grid = SampleGrid(pictures([1, 1, 2, 3], [1, 2, 3, 4, 5, 6]))
        #expect(grid == SampleGrid(pictures([1, 1, 2, 3], [1, 2, 3, 4, 5, 6])))
        #expect(grid.width == 3 && grid.height == 2 && grid.channels == 1 && grid.bytes == [1, 2, 3, 4, 5, 6])
    }
}
