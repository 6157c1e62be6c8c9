import Engine
import HTTPTypes
import Storage

extension API {
    /// `/v1/jobs`.
    func addJobs(_ router: inout Router) {
        on(&router, .post, "/v1/jobs") { request in
            if try isDryRun(request) { return .json(try JobForecast(job: validated(try await json(request)), resources: resources).json()) }
            return try await creating(request) { creation in
                let body = try await json(request)
                if let first = try creation.firstAnswer(to: body.compact) { return first }
                let job = try validated(body).request
                let queued = try database.jobs.enqueue(
                    name: job.name, metadata: job.metadata.compact, priority: job.priority, request: job.json.compact,
                    checkpoint: job.checkpoint, dataset: job.dataset, owner: owner(of: request),
                    answer: creation.keeping(body.compact) { try $0.created() })
                wakeWorkers()
                return try queued.created().response
            }
        }
        on(&router, .get, "/v1/jobs") { request in
            var status: JobStatus?
            if let text = request.query("status") {
                guard let found = JobStatus(rawValue: text) else {
                    let all = JobStatus.allCases.map(\.rawValue).joined(separator: ", ")
                    throw APIError(.badRequest, "invalid_status", "status must be one of \(all)")
                }
                status = found
            }
            return try page(request, id: \.id, payload: { try $0.payload() }) {
                try database.jobs.list(status: status, limit: $0, after: $1)
            }
        }
        on(&router, .get, "/v1/jobs/{id}") { request in
            let id = request.parameter("id")
            return .json(try answers.bytes(id) { Array(try database.jobs.get(id).payload().compact.utf8) })
        }
        on(&router, .delete, "/v1/jobs/{id}") { request in
            try database.jobs.delete(request.parameter("id"))
            return Response(status: .noContent)
        }
        on(&router, .post, "/v1/jobs/{id}/cancel") { request in
            .json(try database.jobs.cancel(request.parameter("id")).payload(), status: .accepted)
        }
        on(&router, .post, "/v1/jobs/{id}/pause") { request in
            .json(try database.jobs.pause(request.parameter("id")).payload(), status: .accepted)
        }
        on(&router, .post, "/v1/jobs/{id}/resume") { request in
            let job = try database.jobs.resume(request.parameter("id"))
            wakeWorkers()
            return .json(try job.payload(), status: .accepted)
        }
        on(&router, .get, "/v1/jobs/{id}/events") { request in
            let events = try database.jobs.events(of: request.parameter("id"))
            return .json([
                "object": "list", "data": .array(try events.map { try $0.payload() }), "has_more": false,
                "first_id": events.first.map { .integer(Int($0.id)) } ?? nil, "last_id": events.last.map { .integer(Int($0.id)) } ?? nil,
            ])
        }
        on(&router, .get, "/v1/jobs/{id}/metrics") { request in
            let all = request.query("points") == "all"
            return .json(try MetricsPayload.document(of: request.parameter("id"), in: database.jobs, all: all))
        }
        on(&router, .get, "/v1/jobs/{id}/plan") { request in
            .json(try PlanPayload.document(of: try database.jobs.get(request.parameter("id")), in: database.jobs))
        }
        on(&router, .get, "/v1/jobs/{id}/files/{name}") { request in
            let file = try database.jobs.file(request.parameter("name"), of: request.parameter("id"))
            return try content(of: file.digest, type: "image/png").response(to: request)
        }
    }

    /// A request's body as a job that can run.
    private func validated(_ body: JSON) throws -> JobValidation.Valid {
        let (job, errors) = JobRequest.read(body)
        guard errors.isEmpty else { throw APIError.invalid(errors) }
        return try JobValidation(database: database, resources: resources).validated(job)
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
    func content(of digest: BlobDigest, type: String = "application/octet-stream") throws -> Representation {
        let file = try OpenFile(database.blobs.url(for: digest))
        return Representation(tag: digest.hex, parts: [.file(file, offset: 0, length: file.size)], fields: [.contentType: type])
    }
}
