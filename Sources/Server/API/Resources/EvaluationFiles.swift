import Documents
import HTTP
import Jobs
import Storage

extension API {
    /// `/v1/extractors` and `/v1/statistics`.
    func addEvaluationFiles(_ routes: inout Routes) {
        add(
            &routes, "/v1/extractors", database.extractors, schema: "Extractor", plural: "Extractors", thing: "an extractor",
            Operation(
                "createExtractor",
                "Stores weights of Inception v3, by which features of pictures are found, as pytorch-fid and torch-fidelity publish them.",
                bodies: ["application/octet-stream"].map(Operation.Content.binary) + [.json("UploadReference")],
                answers: [.created("Extractor")], refusals: Operation.Refusal.file + [.init(422, "invalid_extractor")])
        ) { path, name, upload, owner, answer in
            try ExtractorIntake(database: database, memory: memory).store(
                path: path, name: name, consuming: upload, owner: owner, answer: answer)
        }
        add(
            &routes, "/v1/statistics", database.statistics, schema: "Statistics", plural: "Statistics", thing: "statistics",
            Operation(
                "createStatistics", "Stores the mean and the covariance of features, an .npz of mu and sigma as pytorch-fid writes it.",
                bodies: ["application/octet-stream", "application/zip"].map(Operation.Content.binary) + [.json("UploadReference")],
                answers: [.created("Statistics")],
                refusals: Operation.Refusal.file + [.init(422, "invalid_archive"), .init(422, "invalid_statistics")])
        ) { path, name, upload, owner, answer in
            try StatisticsIntake(database: database, memory: memory).store(
                path: path, name: name, consuming: upload, owner: owner, answer: answer)
        }
    }

    /// Makes a stored file of one on the disk.
    private typealias Intake =
        @Sendable (_ path: String, _ name: String?, _ upload: HeldUpload?, _ owner: Owner?, _ answer: KeptAnswer<EvaluationFileRecord>?)
        throws -> EvaluationFileRecord

    /// The routes of one kind.
    private func add(
        _ routes: inout Routes, _ path: String, _ store: EvaluationFileStore, schema: String, plural: String, thing: String,
        _ creation: Operation, _ intake: @escaping Intake
    ) {
        var creation = creation
        creation.parameters = [.query("name", "What to call it.", .text())]
        on(&routes, .post, path, creation.creating) { request in
            let name = try GivenName.checked(request.query("name"))
            return try await creating(request) { creation in
                let received = try await uploads.receive(uploadBody(request, isRepeated: creation.isRepeated), hashing: creation.key != nil)
                if let first = try creation.firstAnswer(to: received.digest) { return first }
                let source = try uploads.source(received, type: request.fields[.contentType])
                let share = try await memory.admitted(for: "a file")
                return try await BackgroundExecutor.run {
                    try withExtendedLifetime((source, share)) {
                        try intake(
                            source.path, name ?? source.name, source.upload, owner(of: request),
                            creation.keeping(received.digest) { try $0.created(at: path) }
                        ).created(at: path).response
                    }
                }
            }
        }
        on(
            &routes, .get, path,
            Operation(
                "list\(plural)", "Lists what there is, newest first.", parameters: Operation.Parameter.page,
                answers: [.json("\(schema)List", "A page.")], refusals: Operation.Refusal.page)
        ) { request in try page(request, id: \.id, payload: { try $0.payload() }) { try store.list(limit: $0, after: $1) } }
        on(
            &routes, .get, "\(path)/{id}",
            Operation("get\(schema)", "Shows \(thing).", answers: [.json(schema, "What it is.")], refusals: [.notFound])
        ) { request in .json(try store.get(request.parameter("id")).payload()) }
        on(
            &routes, .delete, "\(path)/{id}",
            Operation(
                "delete\(schema)", "Removes \(thing).", answers: [.empty("It is gone.")], refusals: [.notFound, .init(409, "in_use")])
        ) { request in
            try store.delete(request.parameter("id"))
            return Response(status: .noContent)
        }
    }
}
