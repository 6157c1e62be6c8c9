import Documents
import Storage

extension PlanPayload {
    /// The plan of a job that has come past pruning.
    ///
    /// - Throws: ``JobsError/noPlan(job:)``
    package static func document(of job: Job, in jobs: JobQueue) throws -> JSON {
        let sections = try jobs.metrics(of: job.id, sections: [section, groups])
        guard let kept = sections[section], let groups = sections[groups],
            case .object(let members) = try JSON(parsing: Array(kept.utf8)),
            case .array(let entries) = try JSON(parsing: Array(groups.utf8))
        else {
            throw JobsError.noPlan(job: job.id)
        }
        let head: JSON = ["object": "plan", "job": .string(job.id), "checkpoint": .string(job.checkpoint)]
        let plan = entries.map { group -> JSON in
            [
                "name": group["name"] ?? .null, "width": group["width"]?["before"] ?? .null, "members": group["members"] ?? .null,
                "kept": group["kept"] ?? .null,
            ]
        }
        return head.adding(members).adding([.init("groups", .array(plan))])
    }

    /// What ``document(of:in:)`` tells.
    ///
    /// - Throws: ``JobsError/noPlan(job:)``, ``JobsError/invalidFields(_:)``.
    static func done(by job: Job, in jobs: JobQueue) throws -> PlanPayload {
        var reader = ObjectReader(try document(of: job, in: jobs))
        let payload = read(&reader)
        let errors = reader.finish()
        guard errors.isEmpty else { throw JobsError.invalidFields(errors) }
        return payload
    }
}
