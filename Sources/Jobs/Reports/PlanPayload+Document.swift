import Documents
import Storage

extension PlanPayload {
    /// The plan of a job that has come past pruning.
    ///
    /// - Throws: ``JobsError/noPlan(job:)``
    package static func document(of job: Job, in jobs: JobQueue) throws -> JSON {
        let sections = try jobs.metrics(of: job.id)
        guard let kept = sections[section], let groups = sections[Cutting.groups.name],
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
}
