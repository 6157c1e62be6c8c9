import Documents
import Foundation
import ServiceSupport
import Storage
import TestSupport
import Testing

/// Rounds of a server that is used and meets a mishap, each of which must leave it with everything that was acknowledged.
struct CrashRun {
    private let mishaps: [Mishap]
    private let rounds: Int
    private let seed: Int

    private static let settings = "save_steps: 3\nthreads: 1\nworkers: 2\nmax_attempts: 1000"

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

    /// - Parameters:
    ///   - mishaps: of which each round has one.
    ///   - rounds: unless the environment says how many.
    init(_ mishaps: [Mishap], rounds: Int) {
        self.mishaps = mishaps
        self.rounds = Self.number("PRUNER_CRASH_ROUNDS") ?? rounds
        seed = Self.number("PRUNER_CRASH_SEED") ?? Int.random(in: 0..<1_000_000)
    }

    func run() async {
        do { try await crash() } catch {
            // Whatever ends the test, such as a request that is not answered: the seed is how to have it again.
            Issue.record(error, "seed \(seed)")
        }
    }

    private func crash() async throws {
        var random = Dice(seed: seed)
        let temporary = try TemporaryFolder()
        let folder = temporary.url.appendingPathComponent("data")
        let ledger = Ledger()
        var harm: BlobHarm?
        var databaseHarm: DatabaseHarm?
        for round in 0..<rounds {
            let place = "round \(round) of seed \(seed)"
            if round % 20 == 19 { print("crash test: \(round + 1) of \(rounds)") }
            let mishap = mishaps[random.below(mishaps.count)]
            let cut = mishap == .powerCut ? try PowerCut(of: folder) : nil
            if let harm = databaseHarm {
                try await meet(harm, in: folder, ledger, place, &random)
                try harm.undo()
                databaseHarm = nil
            }
            let server = try ServerProcess(folder: folder, settings: Self.settings, before: cut?.environment ?? [])
            let client = APIClient(base: server.url)
            if let met = harm {
                let wrong = try await ledger.wrongFiles(client, damaged: met.damaged)
                #expect(wrong == [], "\(place)")
                try await ledger.uploadAgain(client, damaged: met.damaged)
                let wrongStill = try await ledger.wrongFiles(client, damaged: [])
                #expect(wrongStill == [], "\(place)")
                // What no upload brings back, the results of jobs: from a backup.
                try met.undo()
                harm = nil
            }
            let losses = try await ledger.losses(client, checking: 4, &random)
            #expect(losses == [], "\(place)")
            let delay = random.below(1200)
            let plans = (0..<3).map { _ in Dice(seed: random.below(1 << 40)) }
            await withTaskGroup(of: Void.self) { group in
                for plan in plans { group.addTask { await ledger.use(client, plan) } }
                try? await Task.sleep(for: .milliseconds(delay))
                server.kill()
            }
            if let cut {
                // Sometimes the disk wrote nothing by itself.
                var luck = random.below(3) == 0 ? nil : Dice(seed: random.below(1 << 40))
                try cut.happen(luck: &luck)
            }
            // What a new process would find, before it does.
            let examination = try Database(folder: folder).examine()
            #expect(examination.troubles == [], "\(place)")
            #expect(examination.strays == 0, "\(place)")
            if mishap == .harmedDatabase, round < rounds - 1 {
                databaseHarm = try DatabaseHarm(to: folder, spare: temporary.url, &random)
            }
            if mishap == .damagedBlobs, round < rounds - 1 { harm = try BlobHarm(to: folder, spare: temporary.url, &random) }
        }
        let server = try ServerProcess(folder: folder, settings: Self.settings)
        let client = APIClient(base: server.url)
        let losses = try await ledger.losses(client, checking: 20, &random)
        #expect(losses == [], "seed \(seed)")
        for job in await ledger.jobs {
            let ended = try await client.finished(job)
            // One that ran while what it needs was damaged.
            let isTold = mishaps.contains(.damagedBlobs) && ended.at("error", "code").text?.hasSuffix("_damaged") == true
            #expect(ended.status != "failed" || isTold, "\(ended.compact), seed \(seed)")
        }
        let lossesAtLast = try await ledger.losses(client, checking: 20, &random)
        #expect(lossesAtLast == [], "seed \(seed)")
        #expect(server.terminate() == 0, "seed \(seed)")
        #expect(try Database(folder: folder).examine().troubles == [], "seed \(seed)")
        let figures = await ledger.figures
        print("crash test of \(mishaps), seed \(seed): \(rounds) rounds; acknowledged: \(figures)")
    }
}

extension CrashRun {
    /// What the log says of a database that lacks something.
    private static let words = [
        "the database lacks the last ", "pruner.sqlite-wal is gone", "that no row names were put aside",
    ]
    /// What a start is refused with.
    private static let refusals = ["holds nothing, but the folder", "belongs to another data folder", "is destroyed ("]

    /// Starts a server on a folder whose database was harmed: it says so and does not start, or holds to everything but what it tells of.
    /// Where it does not start, `pruner doctor --adopt` gives back all that was stored and nothing else.
    private func meet(_ harm: DatabaseHarm, in folder: URL, _ ledger: Ledger, _ place: String, _ random: inout Dice) async throws {
        let log = URL(fileURLWithPath: folder.path + ".log")
        let before = (try? Data(contentsOf: log).count) ?? 0
        func told() throws -> String { String(decoding: try Data(contentsOf: log).dropFirst(before), as: UTF8.self) }
        do {
            let server = try ServerProcess(folder: folder, settings: Self.settings)
            let client = APIClient(base: server.url)
            let losses = try await ledger.losses(client, checking: 4, &random, remembering: false)
            let log = try told()
            #expect(losses == [] || Self.words.contains(where: log.contains), "\(place): \(harm.text): \(losses) \(log)")
            server.kill()
        } catch is ServerProcess.Failure {
            let log = try told()
            #expect(Self.refusals.contains(where: log.contains), "\(place): \(harm.text): \(log)")
            let doctor = try await PrunerProcess.run(
                ["doctor", "--adopt", "--data-dir", folder.path], in: folder.deletingLastPathComponent())
            #expect(doctor.status == 0 && doctor.process.json["sound"] == true, "\(place): \(harm.text): \(doctor.process.errorText)")
            let server = try ServerProcess(folder: folder, settings: Self.settings)
            #expect(try await ledger.storedThatIsMissing(APIClient(base: server.url)) == [], "\(place): \(harm.text)")
            server.kill()
        }
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
