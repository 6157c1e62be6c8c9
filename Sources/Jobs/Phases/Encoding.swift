import Engine
import Storage

/// Makes latents of the pictures that later phases look at, and tokens of their captions: once, and on the disk until the job ends.
struct Encoding: Phase {
    static let name = JobPhase.encoding
    static let pointer = "/dataset"

    /// Views that go through the autoencoder at once at most.
    private static let largestBatch = 4

    private let request: JobRequest

    init?(_ request: JobRequest) {
        guard request.needsPictures, request.dataset != nil else { return nil }
        self.request = request
    }

    // MARK: What it will take

    func isNeeded(_ shape: JobShape) -> Bool { shape.encoding?.isNeeded ?? false }

    func steps(_ shape: JobShape) -> [PhaseSteps] {
        guard let encoding = shape.encoding, encoding.isNeeded else { return [] }
        return [
            PhaseSteps(multiplyAccumulates: encoding.text?.multiplyAccumulates ?? 0, count: captions(shape)),
            PhaseSteps(multiplyAccumulates: encoding.multiplyAccumulates(of: .encoder), count: views(shape)),
        ]
    }

    /// As many views of pictures as the other phases may look at.
    private func views(_ shape: JobShape) -> Int {
        guard shape.encoding?.autoencoder != nil else { return 0 }
        return min(shape.pictures * ((request.finetuning?.training.flip ?? false) ? 2 : 1), request.mostViews)
    }

    /// As many captions as the other phases may ask for, and the empty one.
    private func captions(_ shape: JobShape) -> Int {
        shape.encoding?.text == nil ? 0 : min(shape.pictures, request.mostViews) + 1
    }

    /// One encoder after the other, and what they leave.
    func fixedBytes(_ shape: JobShape) -> Int {
        guard let encoding = shape.encoding else { return 0 }
        let latents = views(shape) * encoding.sample.count
        let tokens = captions(shape) * (encoding.text?.count ?? 0)
        let batch = Self.largestBatch * (encoding.picture.count + 2 * encoding.sample.count)
        return max(encoding.bytes(of: .encoder), encoding.bytesOfText) + (latents + tokens + batch) * MemoryLayout<Float>.stride
    }

    /// That of pictures, or of captions where these take more.
    func batchPlan(_ shape: JobShape, memory: Int) -> BatchPlan? {
        let pictures = try? shape.encoding?.plan(.encoder, samples: Self.largestBatch, memory: memory, parallel: shape.parallel)?.batch
        let captions = shape.encoding?.text?.plan(captions: shape.pictures, memory: memory, parallel: shape.parallel)
        return [pictures, captions].compactMap { $0 }.max { $0.bytes < $1.bytes }
    }

    // MARK: At work

    func run(_ job: RunningJob) throws {
        guard let shape = job.inputs.encoding, let dataset = job.inputs.dataset?.pictures else { return }
        let contents = try contents(shape, dataset, job)
        if let kept = try job.kept(Self.name), let encoded = try? EncodedPictures(path: kept, contents) {
            return job.look(at: try dataset.set(shape, encoded, for: job.inputs.stages.original.model))
        }
        let saved = try job.saved(Self.name) { try PictureEncoder(contents, from: $0) }
        var encoder = saved ?? PictureEncoder(contents)
        try job.reporter.begin(Self.name, total: contents.steps, completed: encoder.completed)
        func add(_ numbers: [Float]) throws {
            encoder.add(numbers)
            try job.reporter.step { try job.blob(encoder.write) }
        }
        try shape.text?.embed(contents.captions, from: encoder.nextCaption, memory: activations(job), parallel: job.parallel) { _, tokens in
            try add(Array(tokens))
        }
        try encodeViews(contents.views, from: encoder.nextView, shape, dataset, job, add)
        try job.keep(Self.name, job.blob(encoder.write))
        guard let kept = try job.kept(Self.name) else { throw StorageError.notFound(.job, id: job.job.id) }
        job.look(
            at: try dataset.set(shape, EncodedPictures(path: kept, contents), for: job.inputs.stages.original.model))
    }

    /// What later phases look at.
    private func contents(
        _ shape: EncodingShape, _ dataset: StoredPictures, _ job: RunningJob
    ) throws -> EncodedPictures.Contents {
        let needs = try PictureNeeds(count: dataset.count, shape: shape.sample, isTold: shape.tokens != nil) { pictures in
            try job.rehearse(on: pictures)
        }
        var captions: [String] = []
        if shape.text != nil, let all = dataset.captions {
            var known: Set = [""]
            captions = [""] + needs.told.map { all[$0] }.filter { known.insert($0).inserted }
        }
        return EncodedPictures.Contents(
            views: shape.autoencoder == nil ? [] : needs.views, latentCount: shape.sample.count, captions: captions,
            tokenCount: shape.text?.count ?? 0)
    }

    /// Batches begin where they would have begun undisturbed: a view's place in one, and what is beside it, show in its latents' last bits.
    private func encodeViews(
        _ views: [PictureNeeds.View], from first: Int, _ shape: EncodingShape, _ dataset: StoredPictures, _ job: RunningJob,
        _ add: ([Float]) throws -> Void
    ) throws {
        guard first < views.count, let autoencoder = try job.inputs.source.autoencoder([.encoder]) else { return }
        let pictures = dataset.set(of: shape.picture)
        let encoder = try LatentEncoder(
            autoencoder, height: shape.picture.height, width: shape.picture.width, samples: min(Self.largestBatch, views.count),
            memory: activations(job), parallel: job.parallel)
        for start in stride(from: first - first % Self.largestBatch, to: views.count, by: Self.largestBatch) {
            let batch = Array(views[start..<min(start + Self.largestBatch, views.count)])
            let latents = try encoder.encode(pictures.load(batch.map(\.index)) { batch[$0].isMirrored })
            let count = latents.count / batch.count
            for place in batch.indices where start + place >= first { try add(Array(latents[(place * count)..<((place + 1) * count)])) }
        }
    }
}
