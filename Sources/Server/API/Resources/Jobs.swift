import Documents
import Files
import HTTP
import HTTPTypes
import Jobs
import Storage

extension API {
    /// `/v1/jobs`.
    func addJobs(_ routes: inout Routes) {
        on(
            &routes, .post, "/v1/jobs",
            Operation(
                "createJob", "Queues a job, or with dry_run tells what it would give and take.",
                parameters: [.query("dry_run", "Queue nothing.", .words(["true", "false"]))], bodies: [.json("JobRequest")],
                answers: [.created("Job"), .json("DryRun", "What the job would give.")],
                refusals: [
                    .init(400, "invalid_dry_run"), .invalidJSON, .invalidRequest, .checkpointDamaged, .init(409, "dataset_damaged"),
                    .init(409, "extractor_damaged"),
                    .init(409, "statistics_damaged"),
                    .init(429, "queue_limit"),
                ] + Operation.Refusal.memory
            ).creating
        ) { request in
            if try isDryRun(request) {
                let turn = try await memory.measured(for: "a dry run")
                let (body, share) = try await json(request, JobRequest.read)
                return try await BackgroundExecutor.run {
                    try withExtendedLifetime((turn, share)) {
                        .json(try JobForecast(job: validated(body), resources: resources, memory: memory).json())
                    }
                }
            }
            return try await creating(request) { creation in
                let ((body, text), share) = try await json(request) {
                    (JobRequest.read($0), text: creation.key == nil ? "" : $0.compact)
                }
                defer { withExtendedLifetime(share) {} }
                if let first = try creation.firstAnswer(to: text) { return first }
                let valid = try validated(body)
                let queued = try pointing {
                    try database.jobs.enqueue(
                        valid.submission, owner: owner(of: request), answer: creation.keeping(text) { try $0.created() })
                }
                wakeWorkers()
                return try queued.created().response
            }
        }
        on(
            &routes, .get, "/v1/jobs",
            Operation(
                "listJobs", "Lists the jobs, newest first.",
                parameters: [.query("status", "Only these.", .words(JobStatus.allCases.map(\.rawValue)))] + Operation.Parameter.page,
                answers: [.json("JobList", "A page.")], refusals: Operation.Refusal.page + [.init(400, "invalid_status")])
        ) { request in
            var status: JobStatus?
            if let text = request.query("status") {
                guard let found = JobStatus(rawValue: text) else {
                    let all = JobStatus.allCases.map(\.rawValue).joined(separator: ", ")
                    throw APIError(.badRequest, "invalid_status", "status must be one of \(all)")
                }
                status = found
            }
            return try page(request, cached: "jobs \(status?.rawValue ?? "all")", id: \.id, payload: { try $0.payload() }) {
                try database.jobs.list(status: status, limit: $0, after: $1)
            }
        }
        on(
            &routes, .get, "/v1/jobs/{id}",
            Operation("getJob", "Shows a job.", answers: [.json("Job", "The job.")], refusals: [.notFound])
        ) { request in
            let id = request.parameter("id")
            return .json(try answers.bytes(id) { Array(try database.jobs.get(id).payload().compact.utf8) })
        }
        on(
            &routes, .delete, "/v1/jobs/{id}",
            Operation(
                "deleteJob", "Removes a job that has ended; the checkpoints it made stay.", answers: [.empty("It is gone.")],
                refusals: [.notFound, .wrongState])
        ) { request in
            try database.jobs.delete(request.parameter("id"))
            return Response(status: .noContent)
        }
        on(
            &routes, .post, "/v1/jobs/{id}/cancel",
            Operation(
                "cancelJob", "Ends a job, within one step when it runs.", answers: [.json("Job", "It ends.", status: 202)],
                refusals: [.notFound, .wrongState])
        ) { request in
            .json(try database.jobs.cancel(request.parameter("id")).payload(), status: .accepted)
        }
        on(
            &routes, .post, "/v1/jobs/{id}/pause",
            Operation(
                "pauseJob", "Makes a job wait until it is resumed, after its next save when it runs.",
                answers: [.json("Job", "It waits.", status: 202)], refusals: [.notFound, .wrongState])
        ) { request in
            .json(try database.jobs.pause(request.parameter("id")).payload(), status: .accepted)
        }
        on(
            &routes, .post, "/v1/jobs/{id}/resume",
            Operation(
                "resumeJob", "Puts a paused job back into the queue.", answers: [.json("Job", "It is queued.", status: 202)],
                refusals: [.notFound, .wrongState])
        ) { request in
            let job = try database.jobs.resume(request.parameter("id"))
            wakeWorkers()
            return .json(try job.payload(), status: .accepted)
        }
        on(
            &routes, .get, "/v1/jobs/{id}/events",
            Operation(
                "listEvents", "Lists what happened to a job; as text/event-stream, tells what happens to it until it ends.",
                parameters: [
                    .query("points", "Server-sent: also tell the points that the series of losses gain.", .words(["new"])),
                    .field(
                        "Last-Event-ID", "Server-sent: only what came after this event.", ["type": "string", "pattern": "^[0-9]{1,18}$"]),
                ],
                answers: [
                    .init(
                        status: 200, detail: "All of it.", contents: [.json("EventList"), .binary(JobEventStream.type)], fields: ["Vary"]),
                    .empty("Server-sent: the job has ended, and the client knows."),
                ],
                refusals: [
                    .notFound, .init(400, "invalid_last_event_id"), .init(400, "invalid_points"), .init(503, "too_many_streams"),
                ])
        ) { request in
            let id = request.parameter("id")
            let tellsPoints = try says("new", in: "points", request)
            guard !request.names(type: JobEventStream.type) else { return try eventStream(of: id, tellsPoints, request) }
            let events = try database.jobs.events(of: id)
            return .json(
                [
                    "object": "list", "data": .array(try events.map { try $0.payload() }), "has_more": false,
                    "first_id": events.first.map { .integer(Int($0.id)) } ?? nil,
                    "last_id": events.last.map { .integer(Int($0.id)) } ?? nil,
                ], fields: [.vary: "Accept"])
        }
        on(
            &routes, .get, "/v1/jobs/{id}/metrics",
            Operation(
                "getMetrics", "Gives a job's measurements, so far or complete.",
                parameters: [.query("points", "Every point of long series, instead of 1000.", .words(["all"]))],
                answers: [.json("Metrics", "The measurements.")], refusals: [.notFound, .init(400, "invalid_points")])
        ) { request in
            let all = try says("all", in: "points", request)
            return .json(try MetricsPayload.document(of: request.parameter("id"), in: database.jobs, all: all))
        }
        on(
            &routes, .get, "/v1/jobs/{id}/plan",
            Operation("getPlan", "Gives the cut that a job made.", answers: [.json("Plan", "The plan.")], refusals: [.notFound])
        ) { request in
            .json(try PlanPayload.document(of: try database.jobs.get(request.parameter("id")), in: database.jobs))
        }
        on(
            &routes, .get, "/v1/jobs/{id}/files/{name}",
            Operation(
                "downloadSamples",
                "Gives a file of a job: a grid of samples, samples_before.png, samples_pruned.png, samples_after.png (of an autoencoder pictures "
                    + "that it made of those of samples_originals.png); where they were kept, all of them, samples.tar; and where a Fréchet distance "
                    + "was taken, statistics.npz of what samples were compared with.",
                answers: [
                    .init(status: 200, detail: "The file.", contents: JobFileType.allCases.map { .binary($0.rawValue) }, fields: ["ETag"])
                ],
                refusals: [.notFound, .init(409, "file_damaged")]
            ).partial
        ) { request in
            let file = try database.jobs.file(request.parameter("name"), of: request.parameter("id"))
            let type = JobFileType(of: file.name).rawValue
            return try content(of: file.digest, .file, request.parameter("id"), file: file.name, type: type).response(to: request)
        }
    }

    /// A job's events as they happen.
    private func eventStream(of id: String, _ tellsPoints: Bool, _ request: Request) throws -> Response {
        let last = request.fields[values: .lastEventID].last ?? "0"
        guard let number = ASCII.digits(last) else {
            throw APIError(.badRequest, "invalid_last_event_id", "Last-Event-ID must be the id of an event, a whole number")
        }
        guard let place = JobEventStream.Place(of: eventStreams) else {
            throw APIError(
                .serviceUnavailable, "too_many_streams", "\(JobEventStream.limit) clients follow jobs already", fields: [.retryAfter: "10"])
        }
        return try JobEventStream(
            database.jobs, id: id, place: place, after: Int64(number), tellsPoints: tellsPoints
        ).response()
    }

    /// Whether a query parameter is there, which has the one value `word`.
    private func says(_ word: String, in name: String, _ request: Request) throws -> Bool {
        let found = request.query(name)
        guard [nil, word].contains(found) else { throw APIError(.badRequest, "invalid_\(name)", "\(name) must be \"\(word)\"") }
        return found != nil
    }

    /// A request's body as a job that can run.
    func validated(_ body: (request: JobRequest, errors: [FieldError])) throws -> JobValidation.Valid {
        let job = body.request
        guard body.errors.isEmpty else { throw APIError.invalid(body.errors) }
        if let webhook = job.webhook, !allowsPrivateWebhooks, WebhookURL.isPlainlyPrivate(webhook.url) {
            throw APIError.invalid("/webhook/url", "must lead to a public address")
        }
        return try pointing { try JobValidation(database: database, resources: resources, memory: memory).validated(job) }
    }

    /// What a job names must be there: a field is wrong that names nothing, also when what it named is deleted while the job is checked.
    func pointing<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch StorageError.notFound(let kind, let id) {
            let pointer =
                switch kind {
                case .extractor: "/evaluation/extractor"
                case .statistics: "/evaluation/reference"
                default: "/\(kind.rawValue)"
                }
            throw APIError.invalid(pointer, "there is no \(kind.rawValue) \(id.prefix(200))")
        }
    }

    /// `?dry_run=true`.
    private func isDryRun(_ request: Request) throws -> Bool {
        switch request.query("dry_run") {
        case nil, "false": return false
        case "true": return true
        default: throw APIError(.badRequest, "invalid_dry_run", "dry_run must be true or false")
        }
    }

    /// A blob, under its SHA-256 as tag.
    func content(
        of digest: BlobDigest, _ kind: StorageError.Kind, _ id: String, file name: String, type: String = "application/octet-stream"
    ) throws -> Representation {
        let file = try OpenFile(database.blobs, digest, of: kind, id, file: name)
        return Representation(tag: digest.hex, parts: [.file(file, offset: 0, length: file.size)], fields: [.contentType: type])
    }
}
