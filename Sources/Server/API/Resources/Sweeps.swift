import Documents
import HTTP
import HTTPTypes
import Jobs
import Storage

/// `/v1/sweeps`.
extension API {
    func addSweeps(_ routes: inout Routes) {
        on(
            &routes, .post, "/v1/sweeps",
            Operation(
                "createSweep", "Queues a job for every ratio of a list; what the first of them scores serves all.",
                bodies: [.json("SweepRequest")], answers: [.created("Sweep")],
                refusals: [
                    .invalidJSON, .invalidRequest, .checkpointDamaged, .init(409, "dataset_damaged"),
                    .init(409, "extractor_damaged"),
                    .init(409, "statistics_damaged"), .init(429, "queue_limit"),
                ] + Operation.Refusal.memory
            ).creating
        ) { request in
            try await creating(request) { creation in
                let ((body, text), share) = try await json(request) { body in
                    (SweepRequest.read(body), text: body.compact)
                }
                defer { withExtendedLifetime(share) {} }
                if let first = try creation.firstAnswer(to: text) { return first }
                guard body.errors.isEmpty else { throw APIError.invalid(body.errors) }
                let jobs = try await BackgroundExecutor.run { try body.request.points.map { try submission($0) } }
                let queued = try pointing {
                    try database.sweeps.enqueue(
                        name: body.request.name, request: text, jobs, owner: owner(of: request),
                        answer: creation.keeping(text) { try $0.created() })
                }
                wakeWorkers()
                return try queued.created().response
            }
        }
        on(
            &routes, .get, "/v1/sweeps",
            Operation(
                "listSweeps", "Lists the sweeps, newest first.", parameters: Operation.Parameter.page,
                answers: [.json("SweepList", "A page.")], refusals: Operation.Refusal.page)
        ) { request in
            try page(request, id: \.id, payload: { try $0.payload() }) { try database.sweeps.list(limit: $0, after: $1) }
        }
        on(
            &routes, .get, "/v1/sweeps/{id}",
            Operation(
                "getSweep", "Shows a sweep, and what its jobs came to so far.", answers: [.json("Sweep", "The sweep.")],
                refusals: [.notFound])
        ) { request in
            let sweep = try database.sweeps.get(request.parameter("id"))
            return .json(try sweep.payload(points: sweep.points(in: database.jobs)))
        }
        on(
            &routes, .delete, "/v1/sweeps/{id}",
            Operation(
                "deleteSweep", "Removes a sweep that has ended, and its jobs; the checkpoints that they made stay.",
                answers: [.empty("It is gone.")], refusals: [.notFound, .wrongState])
        ) { request in
            try database.sweeps.delete(request.parameter("id"))
            return Response(status: .noContent)
        }
        addVerb(&routes, "cancel", "Ends the jobs of a sweep that have not ended.") { (id: String) throws(StorageError) in
            _ = try database.jobs.cancel(id)
        }
        addVerb(&routes, "pause", "Makes the jobs of a sweep wait until it is resumed.") { (id: String) throws(StorageError) in
            _ = try database.jobs.pause(id)
        }
        addVerb(&routes, "resume", "Puts the paused jobs of a sweep back into the queue.") { (id: String) throws(StorageError) in
            _ = try database.jobs.resume(id)
        }
    }

    private func addVerb(
        _ routes: inout Routes, _ verb: String, _ summary: String, _ doing: @escaping @Sendable (String) throws(StorageError) -> Void
    ) {
        on(
            &routes, .post, "/v1/sweeps/{id}/\(verb)",
            Operation(
                "\(verb)Sweep", summary, answers: [.json("Sweep", "The sweep.", status: 202)], refusals: [.notFound, .wrongState])
        ) { request in
            let sweep = try database.sweeps.forEachLiveJob(request.parameter("id"), doing: verb, doing)
            wakeWorkers()
            return .json(try sweep.payload(), status: .accepted)
        }
    }

    /// One of a sweep's jobs as it is queued, once it is known that it can run.
    private func submission(_ point: SweepRequest.Point) throws -> JobSubmission {
        do {
            return try validated((point.job, [])).submission
        } catch JobsError.invalidFields(let errors) {
            throw APIError.invalid(point.inSweep(errors))
        }
    }
}
