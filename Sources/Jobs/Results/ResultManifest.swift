import Documents
import Engine

/// What a result was made of and how, in a file that is downloaded with it: enough to make it again, byte for byte.
///
/// It says nothing of when or under which identifiers a job ran, so that the same job gives the same manifest.
package struct ResultManifest {
    /// Which of a job's results it goes with.
    package enum Stage: String, Sendable {
        case pruned, finetuned
    }

    /// Where it stands in the downloaded folder.
    package static let path = CarriedFiles.manifest

    let stage: Stage
    let request: JobRequest
    let source: StoredCheckpoint
    /// What fine-tuning imitates.
    let teacher: StoredCheckpoint?
    /// How many pictures the dataset has, ``StoredPictures/digest()``, and whether EXIF turns them.
    let dataset: (images: Int, digest: String, isTurned: Bool)?
    let threads: Int
    /// What was assumed of the source, and what there is to know of the result.
    let warnings: [Warning]

    var json: JSON {
        [
            "manifest_version": 1, "stage": .string(stage.rawValue),
            "source": Self.entry(source), "teacher": teacher.map(Self.entry) ?? .null,
            "dataset": dataset.map { pictures in
                let json: JSON = ["images": .integer(pictures.images), "sha256": .string(pictures.digest)]
                return pictures.isTurned ? json.adding([.init("exif", .string(DatasetChoices.Orientation.apply.rawValue))]) : json
            } ?? .null,
            "request": request.json,
            "seeds": [
                "pruning": .optional(request.pruning?.plan == nil ? request.pruning?.seed : nil),
                "reconstruction": .optional(request.pruning?.reconstruction?.seed),
                "finetuning": .optional(request.finetuning?.training.seed), "evaluation": .optional(request.evaluation?.seed),
            ],
            "pruner": .string(Program.version), "blas": .string(Matrix.provider), "threads": .integer(threads),
            "warnings": warnings.json,
        ]
    }

    private static func entry(_ checkpoint: StoredCheckpoint) -> JSON {
        [
            "name": .string(checkpoint.record.name),
            "files": .array(checkpoint.record.files.map { ["path": .string($0.path), "sha256": .string($0.digest.hex)] }),
        ]
    }
}
