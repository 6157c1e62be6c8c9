import Engine
import Foundation
import Server
import Storage
import Testing

/// A server that is killed again and again while it is used: nothing that it acknowledged is lost, nothing is stuck, the store is sound.
///
/// `PRUNER_CRASH_ROUNDS` says how often (20 unless set; `make soak` takes 200), `PRUNER_CRASH_SEED` repeats a run's choices.
@Suite struct CrashTests {
    private static let settings = "save_steps: 3\nthreads: 1\nworkers: 2\nmax_attempts: 1000"

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

    @Test func nothingAcknowledgedIsLost() async {
        let seed = Self.number("PRUNER_CRASH_SEED") ?? Int.random(in: 0..<1_000_000)
        do { try await crash(rounds: Self.number("PRUNER_CRASH_ROUNDS") ?? 20, seed: seed) } catch {
            // Whatever ends the test, such as a request that is not answered: the seed is how to have it again.
            Issue.record(error, "seed \(seed)")
        }
    }

    private func crash(rounds: Int, seed: Int) async throws {
        var random = Dice(seed: seed)
        let temporary = try TemporaryFolder()
        let folder = temporary.url.appendingPathComponent("data")
        let ledger = Ledger()
        for round in 0..<rounds {
            if round % 20 == 19 { print("crash test: \(round + 1) of \(rounds)") }
            let server = try ServerProcess(folder: folder, settings: Self.settings)
            let client = APIClient(base: server.url)
            #expect(try await ledger.losses(client, checking: 4, &random) == [], "round \(round) of seed \(seed)")
            let delay = random.below(1200)
            let plans = (0..<3).map { _ in Dice(seed: random.below(1 << 40)) }
            await withTaskGroup(of: Void.self) { group in
                for plan in plans { group.addTask { await ledger.use(client, plan) } }
                try? await Task.sleep(for: .milliseconds(delay))
                server.kill()
            }
            // What a new process would find, before it does.
            let examination = try Database(folder: folder).examine()
            #expect(examination.troubles == [], "round \(round) of seed \(seed)")
            #expect(examination.strays == 0, "round \(round) of seed \(seed)")
        }
        let server = try ServerProcess(folder: folder, settings: Self.settings)
        let client = APIClient(base: server.url)
        #expect(try await ledger.losses(client, checking: 20, &random) == [], "seed \(seed)")
        for job in await ledger.jobs {
            let ended = try await client.finished(job)
            #expect(ended.status != "failed", "\(ended.compact), seed \(seed)")
        }
        #expect(try await ledger.losses(client, checking: 20, &random) == [], "seed \(seed)")
        #expect(server.terminate() == 0, "seed \(seed)")
        #expect(try Database(folder: folder).examine().troubles == [], "seed \(seed)")
        let figures = await ledger.figures
        print("crash test, seed \(seed): \(rounds) kills; acknowledged: \(figures)")
    }
}

/// A sequence of choices that a seed repeats (SplitMix64).
struct Dice: Sendable {
    private var state: UInt64

    init(seed: Int) { state = UInt64(truncatingIfNeeded: seed) }

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(max(1, bound)))
    }
}
