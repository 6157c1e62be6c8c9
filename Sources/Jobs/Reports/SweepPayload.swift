import Documents
import Storage

extension Sweep {
    /// The API's sweep object.
    ///
    /// - Parameter points: what its jobs came to; nil where that is not told.
    package func payload(points: [SweepPoint]? = nil) throws -> JSON {
        let path = "/v1/sweeps/\(id)"
        let json: JSON = [
            "id": .string(id), "object": "sweep", "name": .optional(name), "status": .string(status.rawValue),
            "progress": .double(jobs.reduce(0) { $0 + ($1.status.isLive ? $1.progress?.overall ?? 0 : 1) } / Double(max(1, jobs.count))),
            "created_at": .string(createdAt.text), "finished_at": .optional(finishedAt?.text),
            "request": try JSON(parsing: Array(request.utf8)), "jobs": .array(jobs.map { .string($0.id) }),
            "urls": [
                "self": .string(path), "cancel": .string("\(path)/cancel"), "pause": .string("\(path)/pause"),
                "resume": .string("\(path)/resume"),
            ],
        ]
        guard let points else { return json }
        let front = SweepPoint.front(points)
        return json.adding([.init("points", .array(zip(points, front).map { $0.json(isOnFront: $1) }))])
    }

    /// What its jobs came to, as far as they are.
    package func points(in jobs: JobQueue) throws -> [SweepPoint] {
        try self.jobs.map { try SweepPoint($0, metrics: jobs.metrics(of: $0.id, sections: SweepPoint.sections)) }
    }
}
