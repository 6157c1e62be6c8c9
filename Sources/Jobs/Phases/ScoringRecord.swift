import Documents
import Engine
import Foundation
import Hashing
import Storage

/// What a pass of scoring found: all that the cut, and the metrics, need of it.
struct ScoringRecord {
    /// Of every channel of every group, not normalised.
    let importance: [[Double]]
    /// The metrics' `scoring` object without its losses.
    let summary: JSON
    /// The metrics' losses, in order.
    let losses: [(x: Int, point: JSON)]

    /// A file that holds none, or one of another network.
    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    init(importance: [[Double]], summary: JSON, losses: [(x: Int, point: JSON)]) {
        (self.importance, self.summary, self.losses) = (importance, summary, losses)
    }

    /// Reads what ``json`` said.
    ///
    /// - Parameter groups: those that were ranked.
    /// - Throws: ``Unreadable``; ``JSONError``.
    init(_ bytes: [UInt8], for groups: [ChannelGroup]) throws {
        let json = try JSON(parsing: bytes, maximumValues: .max)
        guard case .array(let scores)? = json["importance"], scores.count == groups.count, case .array(let points)? = json["losses"],
            let summary = json["summary"]
        else { throw Unreadable(description: "no scores of \(groups.count) groups") }
        importance = try zip(scores, groups).map { scores, group in
            guard case .array(let scores) = scores, scores.count == group.width else {
                throw Unreadable(description: "no scores of the \(group.width) channels of \(group.name)")
            }
            return try scores.map { score in
                guard let score = score.double else { throw Unreadable(description: "a score of \(group.name) that is no number") }
                return score
            }
        }
        losses = try points.map { point in
            guard let x = (point["timestep"] ?? point["batch"])?.integer else { throw Unreadable(description: "a loss of no point") }
            return (x, point)
        }
        self.summary = summary
    }

    /// As it is stored: every number in the digits that give it back. Nil where one is not finite.
    var json: JSON? {
        guard importance.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return nil }
        return [
            "importance": .array(importance.map { .array($0.map(JSON.double)) }), "summary": summary,
            "losses": .array(losses.map(\.point)),
        ]
    }

    /// By what it is found again: all that the numbers depend on, to the last bit, within this version.
    static func key(
        _ pruning: JobRequest.Pruning, by loss: ReconstructionLoss?, points: [Int], checkpoint: String, dataset: String?, threads: Int
    ) -> BlobDigest {
        let key: JSON = [
            "version": .string(Program.version), "checkpoint": .string(checkpoint), "dataset": .optional(dataset),
            "threads": .integer(threads), "method": .string(pruning.method.rawValue), "threshold": .optional(pruning.threshold),
            "timesteps": .integers(points), "batch_size": .integer(pruning.batchSize), "seed": .integer(pruning.seed),
            "component": .optional(pruning.component?.rawValue), "error": .optional(loss?.error.rawValue),
            "kl_weight": .optional(loss?.divergence),
        ]
        return BlobDigest(MessageDigest.sha256(key.compact.utf8))
    }
}
