import Jobs
import Storage

extension CheckpointRecord {
    /// The answer to whoever made it.
    func created() throws -> Created { Created(try payload(), at: "/v1/checkpoints/\(id)") }
}

extension DatasetRecord {
    /// The answer to whoever made it.
    func created() throws -> Created { Created(try payload(), at: "/v1/datasets/\(id)") }
}

extension EvaluationFileRecord {
    /// The answer to whoever made it, below the path of its kind.
    func created(at path: String) throws -> Created { Created(try payload(), at: "\(path)/\(id)") }
}

extension Job {
    /// The answer to whoever queued it.
    func created() throws -> Created { Created(try payload(), at: "/v1/jobs/\(id)") }
}

extension Sweep {
    /// The answer to whoever queued it.
    func created() throws -> Created { Created(try payload(), at: "/v1/sweeps/\(id)") }
}
