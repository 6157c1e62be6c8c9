import Engine
import Storage

extension JobValidation {
    /// What makes features of the samples: the extractor that a request names; where it asks for an FID and names none, the one that is stored
    /// with the published weights.
    ///
    /// - Returns: nil where the original's own features do; and what is wrong.
    func extractor(_ request: JobRequest) throws -> (file: EvaluationFile?, errors: [FieldError]) {
        guard let evaluation = request.evaluation else { return (nil, []) }
        func refusal(_ field: String, _ detail: String) -> (file: EvaluationFile?, errors: [FieldError]) {
            (nil, [FieldError(pointer: "/evaluation/\(field)", detail: detail)])
        }
        if let id = evaluation.extractor {
            guard !evaluation.setMetrics.isEmpty else {
                return refusal("extractor", "makes features for the metrics mind, kid, frechet and fid, none of which is asked for")
            }
            let found: EvaluationFileRecord
            do { found = try database.extractors.get(id) } catch {
                guard case .notFound = error else { throw error }
                return refusal("extractor", "there is no extractor \(id.prefix(200))")
            }
            let file = try EvaluationFile(found)
            try file.refuseKnownDamage(database.blobs)
            if evaluation.metrics.contains(.fid), !file.isPublished {
                return refusal(
                    "metrics",
                    "fid is only so called with the weights that pytorch-fid and torch-fidelity publish, of SHA-256 "
                        + "\(InceptionCheckpoint.publishedDigest); this extractor has \(found.digest.hex): ask for frechet")
            }
            return (file, [])
        }
        guard evaluation.metrics.contains(.fid) else { return (nil, []) }
        let published = try database.extractors.find(InceptionCheckpoint.publishedDigest)
        guard let only = published.first, published.count == 1 else {
            return refusal(
                "metrics",
                "fid is measured by the weights that pytorch-fid and torch-fidelity publish, of SHA-256 "
                    + InceptionCheckpoint.publishedDigest
                    + (published.isEmpty
                        ? ", and there is no such extractor: POST /v1/extractors" : ", which are stored twice: name one by extractor"))
        }
        let file = try EvaluationFile(only)
        try file.refuseKnownDamage(database.blobs)
        return (file, [])
    }
}
