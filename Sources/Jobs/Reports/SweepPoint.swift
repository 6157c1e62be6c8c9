import Documents
import Storage

/// What one job of a sweep came to: how small the network is, and how good.
package struct SweepPoint {
    private let job: Job
    private let ratio: JSON
    private let target: JSON?
    private let told: [String: JSON]
    /// Bytes of the result.
    let size: Int?
    /// The held-out loss of the result, at the stage that the job has come to.
    let loss: Double?

    /// The sections of a job's metrics that are read.
    static let sections = ["parameters", "macs", "size", "evaluation"]

    /// - Parameter metrics: those of the job, as they are kept.
    init(_ job: Job, metrics: [String: String]) throws {
        self.job = job
        let request = try JSON(parsing: Array(job.request.utf8))
        ratio = request["pruning"]?["ratio"] ?? .null
        target = request["pruning"]?["target"]
        told = try metrics.mapValues { try JSON(parsing: Array($0.utf8)) }
        // Sizes are told before there is a result, too: as they were.
        size = job.resultPruned == nil ? nil : told["size"]?["after"]?.integer
        let losses = told["evaluation"]?["loss"]
        loss = losses?["after"]?.double ?? losses?["pruned"]?.double
    }

    /// For each point, whether no other is both as small and as good, and better in one of the two.
    static func front(_ points: [SweepPoint]) -> [Bool] {
        points.map { point in
            guard let size = point.size, let loss = point.loss else { return false }
            return !points.contains { other in
                guard let otherSize = other.size, let otherLoss = other.loss else { return false }
                return otherSize <= size && otherLoss <= loss && (otherSize < size || otherLoss < loss)
            }
        }
    }

    func json(isOnFront: Bool) -> JSON {
        func after(_ section: String) -> JSON { size == nil ? .null : told[section]?["after"] ?? .null }
        let evaluation = told["evaluation"]
        let json: JSON = [
            "job": .string(job.id), "status": .string(job.status.rawValue), "ratio": ratio,
            "parameters": after("parameters"), "macs": after("macs"), "size": after("size"),
            "seconds_per_sample": evaluation?["seconds_per_sample"]?["after"] ?? .null,
            "loss": [
                "pruned": evaluation?["loss"]?["pruned"] ?? .null, "after": evaluation?["loss"]?["after"] ?? .null,
            ],
            "ssim": evaluation?["ssim"]?["mean"] ?? .null, "on_front": .bool(isOnFront),
        ]
        return target.map { json.adding([.init("target", $0)]) } ?? json
    }
}
