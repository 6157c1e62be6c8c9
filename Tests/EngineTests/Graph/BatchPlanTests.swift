import Engine
import Foundation
import Testing

@Suite struct BatchPlanTests {
    private static let parallel = Parallel(threads: 2)

    /// Three levels of 32×32 and smaller: its activations outweigh what a step needs at once.
    private let graph: Graph

    init() throws {
        let text = """
            {"block_out_channels": [16, 16, 32], "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D"],
             "up_block_types": ["UpBlock2D", "AttnUpBlock2D", "UpBlock2D"], "sample_size": 32, "norm_num_groups": 4,
             "layers_per_block": 2, "attention_head_dim": 8}
            """
        graph = try UNet2DModel(UNet2DConfiguration(json: Data(text.utf8))).graph
    }

    private func plan(_ limit: Int, samples: Int = 16, isTraining: Bool = true) -> BatchPlan {
        BatchPlan(graph, samples: samples, isTraining: isTraining, limit: limit, parallel: Self.parallel)
    }

    @Test func aBatchThatFitsGoesThroughWhole() {
        let whole = plan(.max)
        #expect((whole.batch, whole.parts, whole.segments) == (16, 1, 1))
        #expect(plan(whole.bytes) == whole)
        #expect(whole.bytes == graph.activationBytes(batch: 16, isTraining: true, parallel: Self.parallel))
    }

    @Test(arguments: [1, 5, 16, 17], [true, false])
    func everyLimitIsKeptWithPartsThatCoverTheBatch(samples: Int, isTraining: Bool) {
        let whole = plan(.max, samples: samples, isTraining: isTraining).bytes
        let least = plan(0, samples: samples, isTraining: isTraining).bytes
        #expect(least <= whole)
        for share in [0.99, 0.7, 0.5, 0.3, 0.15, 0.05] {
            let limit = max(least, Int(Double(whole) * share))
            let found = plan(limit, samples: samples, isTraining: isTraining)
            #expect(found.bytes <= limit, "\(share)")
            #expect(found.batch * found.parts >= samples && found.batch * (found.parts - 1) < samples, "\(share)")
            #expect(found.segments == 1 || found.batch == 1)
        }
    }

    @Test func whatGoesBesideTheBatchCountsToo() {
        func plan(_ limit: Int) -> BatchPlan {
            BatchPlan(graph, samples: 16, isTraining: true, limit: limit, parallel: Self.parallel) { $0 << 20 }
        }
        let whole = plan(.max)
        #expect(whole.bytes == graph.activationBytes(batch: 16, isTraining: true, parallel: Self.parallel) + 16 << 20)
        for share in [0.7, 0.3] {
            let found = plan(Int(Double(whole.bytes) * share))
            #expect(found.batch < 16 && found.bytes <= Int(Double(whole.bytes) * share))
        }
    }

    @Test func activationsAreMadeAgainWhereOneSampleDoesNotFit() {
        let kept = graph.activationBytes(batch: 1, isTraining: true, preparedLimit: 0, parallel: Self.parallel)
        let found = plan(kept * 9 / 10)
        #expect((found.batch, found.parts, found.preparedLimit) == (1, 16, 0))
        #expect(found.segments > 1)
        #expect(found.bytes <= kept * 9 / 10)
        // Nothing fits into nothing: what is told then is the least there is.
        #expect(plan(0).bytes <= found.bytes)
    }
}
