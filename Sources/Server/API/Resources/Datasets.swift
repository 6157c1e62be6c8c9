import Documents
import HTTP
import Jobs
import Media

extension API {
    /// `/v1/datasets`.
    func addDatasets(_ routes: inout Routes) {
        on(
            &routes, .post, "/v1/datasets",
            Operation(
                "createDataset", "Stores the pictures of an archive.",
                parameters: [
                    .query("name", "What to call it.", .text()),
                    .query(
                        "on_error", "Where some of the pictures cannot be read: refuse the archive, or take the others.",
                        Self.choice(DatasetChoices().onError)),
                    .query(
                        "exif", "Where EXIF says that a picture is turned: take it as it is stored, or turn it.",
                        Self.choice(DatasetChoices().exif)),
                ],
                bodies: Operation.Content.archives + [.json("UploadReference")],
                answers: [.created("Dataset")],
                refusals: Operation.Refusal.archive + [
                    .init(400, "invalid_on_error"), .init(400, "invalid_exif"),
                    .init(422, "invalid_picture"), .init(422, "invalid_metadata"), .init(422, "invalid_embeddings"),
                ]
            ).creating
        ) { request in
            let choices = try DatasetChoices(
                onError: Self.chosen("on_error", request) ?? DatasetChoices().onError,
                exif: Self.chosen("exif", request) ?? DatasetChoices().exif)
            let name = try GivenName.checked(request.query("name"))
            return try await creating(request) { creation in
                let received = try await uploads.receive(uploadBody(request, isRepeated: creation.isRepeated), hashing: creation.key != nil)
                if let first = try creation.firstAnswer(to: received.digest) { return first }
                let source = try uploads.source(received, type: request.fields[.contentType])
                let share = try await memory.admitted(ZipDirectory.cost(path: source.path), for: "an archive")
                return try await BackgroundExecutor.run {
                    try withExtendedLifetime((source, share)) {
                        try DatasetIntake(database: database, memory: memory, share: share).store(
                            .file(path: source.path), name: name ?? source.name, choices, consuming: source.upload,
                            owner: owner(of: request), answer: creation.keeping(received.digest) { try $0.created() }
                        ).created().response
                    }
                }
            }
        }
        on(
            &routes, .get, "/v1/datasets",
            Operation(
                "listDatasets", "Lists the datasets, newest first.", parameters: Operation.Parameter.page,
                answers: [.json("DatasetList", "A page.")], refusals: Operation.Refusal.page)
        ) { request in
            try page(request, id: \.id, payload: { try $0.payload(database.blobs) }) { try database.datasets.list(limit: $0, after: $1) }
        }
        on(
            &routes, .get, "/v1/datasets/{id}",
            Operation("getDataset", "Shows a dataset.", answers: [.json("Dataset", "The dataset.")], refusals: [.notFound])
        ) { request in
            .json(try database.datasets.get(request.parameter("id")).payload(database.blobs))
        }
        on(
            &routes, .delete, "/v1/datasets/{id}",
            Operation(
                "deleteDataset", "Removes a dataset.", answers: [.empty("It is gone.")], refusals: [.notFound, .init(409, "in_use")])
        ) { request in
            try database.datasets.delete(request.parameter("id"))
            return Response(status: .noContent)
        }
    }

    /// The schema of a parameter that is one of some words.
    private static func choice<Word: RawRepresentable & CaseIterable>(_ usual: Word) -> JSON where Word.RawValue == String {
        JSON.words(Word.allCases.map(\.rawValue)).adding([.init("default", .string(usual.rawValue))])
    }

    /// What a query parameter that is one of some words says; nil where it is not there.
    private static func chosen<Word: RawRepresentable & CaseIterable>(
        _ name: String, _ request: Request
    ) throws -> Word? where Word.RawValue == String {
        guard let text = request.query(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
            throw APIError(.badRequest, "invalid_\(name)", "\(name) must be \(words)")
        }
        return word
    }
}
