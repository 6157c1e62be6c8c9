import ArgumentParser
import Documents
import Jobs

/// What a job at a server is about: things that are there, or files to be uploaded.
struct RemoteInputs: ParsableArguments {
    @Option(
        help: "A checkpoint's id; or a diffusers folder, a tar, tar.gz or zip of one, or a file of CompVis's code base to upload.",
        completion: .file())
    var checkpoint: String
    @Option(help: "A dataset's id, or a folder, tar, tar.gz or zip of pictures to upload.", completion: .file()) var dataset: String?

    @OptionGroup(title: "Of what is uploaded") var beside: CheckpointOptions
    @Option(help: "The id of a checkpoint at the server: its configuration, and what else is not sent, goes with weights by themselves.")
    var config: String?
    @OptionGroup(title: "Of pictures that are uploaded") var besidePictures: DatasetOptions

    /// A body about what need not be there yet, to be looked at before anything large is sent.
    func told(in body: JSON) -> JSON { body.replacing(["checkpoint": "", "dataset": .optional(dataset)]) }

    /// A body about what is at the server, once it is.
    ///
    /// - Throws: ``CommandFailure``.
    func uploaded(for body: JSON, _ client: ServiceClient, _ screen: Screen) throws -> JSON {
        // Whether there is a server, and whether it lets us in, before anything large is read.
        _ = try client.get("/v1/jobs?limit=1")
        let upload = InputUpload(client: client, screen: screen)
        var choices = beside.choices
        choices.config = config
        let checkpoint = try upload.identifier(.checkpoint, checkpoint, choices.queries)
        let dataset = try dataset.map { try upload.identifier(.dataset, $0, besidePictures.choices.queries) }
        let judged = JudgedFiles(body)
        let extractor = try judged.extractor.map { try upload.identifier(.extractor, $0) }
        let reference = try judged.reference.map { text in
            try JudgedFiles.areStatistics(text)
                ? upload.identifier(.statistics, text)
                : upload.identifier(.dataset, text, besidePictures.choices.queries)
        }
        return JudgedFiles.replaced(in: body, extractor: extractor, reference: reference)
            .replacing(["checkpoint": .string(checkpoint), "dataset": .optional(dataset)])
    }
}
