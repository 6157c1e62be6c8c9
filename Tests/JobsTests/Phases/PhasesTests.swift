import Documents
import Engine
import Foundation
import Jobs
import Logging
import Storage
import Synchronization
import TestSupport
import Testing

/// A job is a list of phases and one loop: a phase is told of wherever phases are told of, by nothing but being in the list.
@Suite struct PhasesTests {
    private static let phases = Phases([Loading.self, Counting.self])
    private static let limit = 1 << 30

    /// A store with the tiny U-Net.
    private struct World {
        let folder: TemporaryFolder
        let database: Database
        let resources = JobResources(threads: 2, memoryLimit: Int64(limit), workers: 1, saving: .init(seconds: 3600, steps: 1_000_000))
        let request: JobRequest

        /// - Parameter more: of the job's request; the dataset is one of four pictures.
        init(_ more: [String: JSON] = [:]) throws {
            folder = try TemporaryFolder()
            let database = try Database(folder: folder.url.appending(path: "store"))
            self.database = database
            let names = ["config.json": "config.json", "diffusion_pytorch_model.safetensors": "weights.safetensors"]
            let files = try names.map { path, fixture in
                let writer = try database.blobs.writer()
                try writer.write(Fixture.bytes("unet/ddpm/\(fixture)"))
                return (path: path, blob: try writer.finish())
            }
            let checkpoint = try CheckpointIntake(database: database).store(UnpackedFiles(files), name: "tiny").id
            let body: JSON = ["checkpoint": .string(checkpoint), "evaluation": ["samples": 1, "steps": 1]]
            let dataset = more.isEmpty ? [:] : ["dataset": JSON.string(try Self.dataset(database))]
            let (request, errors) = JobRequest.read(body.replacing(dataset).replacing(more), webhook: nil)
            #expect(errors.isEmpty)
            self.request = request
        }

        /// What is told of one; its pictures are nobody's to read.
        private static func dataset(_ database: Database) throws -> String {
            let told: JSON = ["images": 4, "width": 16, "height": 16, "channels": 3, "size": 0, "warnings": []]
            return try database.datasets.insert(
                name: "told", descriptor: told.compact, pack: try database.blobs.writer().finish(), pictures: []
            ).id
        }

        func shape() throws -> JobShape {
            try JobValidation(database: database, resources: resources).validated(request).shape(resources.parallel)
        }

        func enqueue() throws -> String {
            try database.jobs.enqueue(.init(request: request.json.compact, checkpoint: request.checkpoint)).id
        }

        /// Runs the job that waits, which is to stop when it has asked `asks` times whether it should.
        func run(_ phases: Phases = PhasesTests.phases, stoppingAfter asks: Int = .max) throws {
            let left = Mutex(asks)
            PruningJob(
                database: database, job: try #require(try database.jobs.claim(worker: "test")), phases: phases, resources: resources,
                metrics: .untold,
                isShuttingDown: {
                    left.withLock { left in
                        left -= 1
                        return left < 0
                    }
                }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ).run()
        }

        func section(_ name: String, of job: String) throws -> JSON {
            try JSON(parsing: Array(try #require(try database.jobs.metrics(of: job)[name]).utf8))
        }
    }

    @Test func everyNameOfAPhaseIsOnePhases() {
        #expect(Phases.all.list.map { $0.name } == JobPhase.allCases)
    }

    @Test func aPhaseOfItsOwnIsReckonedWith() throws {
        let world = try World()
        let shape = try world.shape()
        let macs = shape.before.graph.multiplyAccumulates
        #expect(Self.phases.work(shape) == [.scoring: Double(3 * macs * Counting.count * Counting.samples)])

        let memory = JobMemory(shape, limit: Self.limit, phases: Self.phases)
        let plan = BatchPlan(
            shape.before.graph, samples: Counting.samples, isTraining: true, limit: Self.limit, parallel: shape.parallel)
        #expect(memory.peak == Counting.bytes + plan.bytes)
        #expect(memory.json == ["scoring": .integer(memory.peak), "peak": .integer(memory.peak), "limit": .integer(Self.limit)])
    }

    /// Forward alone, beside forward and backward of what the cut leaves; its weights and what goes through it.
    @Test func aTeacherIsReckonedWith() throws {
        func world(_ distillation: JSON, optimizer: JSON = "adamw") throws -> World {
            try World([
                "evaluation": .null, "pruning": ["method": "magnitude", "ratio": .double(0.5)],
                "finetuning": ["steps": 10, "batch_size": 4, "distillation": distillation, "optimizer": optimizer],
            ])
        }
        let (plain, taught) = (try world(.null).shape(), try world(["output": 1, "features": .double(0.5)]).shape())
        let macs = Double(taught.before.graph.multiplyAccumulates)
        #expect(Phases.all.work(plain)[.finetuning] == 10 * 4 * 3 * macs / 2)
        #expect(Phases.all.work(taught)[.finetuning] == 10 * 4 * (3 * macs / 2 + macs))

        // What the optimiser does beside.
        let turning = try world(.null, optimizer: "soap").shape()
        let more = 10 * OptimizerName.soap.multiplyAccumulates(turning.after.graph)
        #expect(abs((Phases.all.work(turning)[.finetuning] ?? 0) - 10 * 4 * 3 * macs / 2 - more) < 1e-6 * more)

        func bytes(_ shape: JobShape) -> Int { JobMemory(shape, limit: Self.limit).json["finetuning"]?.integer ?? 0 }
        let teacher = taught.before.graph.activationBytes(batch: 4, isTraining: false, preparedLimit: 0, parallel: taught.parallel)
        #expect(bytes(taught) - bytes(plain) > taught.bytesBefore + teacher)
    }

    @Test func aPhaseOfItsOwnIsRunAndToldOf() throws {
        let world = try World()
        let id = try world.enqueue()
        try world.run()
        #expect(try world.database.jobs.get(id).status == .succeeded)
        #expect(Set(try world.database.jobs.metrics(of: id).keys) == ["counting", "timing", "peak_memory"])
        let timing = try world.section("timing", of: id)
        #expect(try #require(timing["scoring"]?.double) > 0)
        #expect(timing == ["scoring": timing["scoring"] ?? .null])
        let available = Self.limit - (128 << 20) - Counting.bytes
        #expect(try world.section("counting", of: id) == ["count": .integer(Counting.count), "activations": .integer(available)])
        #expect(try world.database.jobs.series("counting", of: id).count == Counting.count)
    }

    @Test func aPhaseOfItsOwnGoesOnWhereItWasStopped() throws {
        let world = try World()
        let id = try world.enqueue()
        // Asked at the beginning of both phases, and after each step.
        try world.run(stoppingAfter: 2 + 3)
        let stopped = try world.database.jobs.get(id)
        #expect(stopped.status == .queued && stopped.progress?.completed == 4)
        try world.run()
        #expect(try world.database.jobs.get(id).status == .succeeded)
        let points = try world.database.jobs.series("counting", of: id).map { try JSON(parsing: Array($0.utf8)) }
        #expect(points.map { $0["number"]?.integer } == Array(1...Counting.count))
        #expect(points.map { $0["from"]?.integer } == [0, 0, 0, 0, 4, 4])
    }

    private static let drawing = Phases([Loading.self, Drawing.self, Counting.self, Reading.self])

    /// Stopped as the next phase begins, which has not saved anything yet; or killed after that.
    @Test(arguments: [false, true]) func whatAPhaseKeptIsNotMadeAgain(isKilled: Bool) throws {
        let world = try World()
        let jobs = world.database.jobs
        let id = try world.enqueue()
        // Asked at the beginning of two phases and after a step.
        try world.run(Self.drawing, stoppingAfter: 3)
        if isKilled {
            _ = try jobs.claim(worker: "killed")
            try jobs.progress(id, JobProgress(phase: .scoring, completed: 2, total: Counting.count), points: ["counting": [(9, "{}")]])
            try jobs.recover()
        }
        #expect(try jobs.get(id).status == .queued && jobs.get(id).progress == nil && jobs.kept(id, .encoding) != nil)
        let drawn = try world.section("drawing", of: id)["drawn"]
        let seconds = try #require(try world.section("timing", of: id)["encoding"]?.double)
        #expect(seconds > 0)
        try world.run(Self.drawing)
        #expect(try jobs.get(id).status == .succeeded && jobs.kept(id, .encoding) == nil)
        #expect(try world.section("drawing", of: id)["drawn"] == drawn)
        #expect(try world.section("reading", of: id)["read"] == drawn)
        #expect(try world.section("timing", of: id)["encoding"]?.double == seconds)
        // What the phase after it had noted is not told twice.
        #expect(try jobs.series("counting", of: id).count == Counting.count)
    }

    @Test(arguments: ["gone", "changed"]) func whatWasKeptAndSufferedIsMadeAgain(harm: String) throws {
        let world = try World()
        let id = try world.enqueue()
        try world.run(Self.drawing, stoppingAfter: 3)
        let file = world.database.blobs.url(for: try #require(try world.database.jobs.kept(id, .encoding)).digest)
        try FileManager.default.removeItem(at: file)
        if harm == "changed" { try Data("something else".utf8).write(to: file) }
        let drawn = try world.section("drawing", of: id)["drawn"]
        try world.run(Self.drawing)
        #expect(try world.database.jobs.get(id).status == .succeeded)
        let again = try world.section("drawing", of: id)["drawn"]
        #expect(again != drawn)
        #expect(try world.section("reading", of: id)["read"] == again)
    }
}
