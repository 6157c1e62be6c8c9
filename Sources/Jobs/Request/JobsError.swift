import Engine

/// Why something is not taken in, not begun, or not there: what was given does not do.
package enum JobsError: Error, Equatable {
    /// These fields of a request are wrong.
    case invalidFields([FieldError])
    /// Nothing may be called so; why, as the rest of a sentence.
    case invalidName(String)
    /// Pictures of a dataset cannot be read; which and why, as a sentence.
    case invalidPictures(String)
    /// An archive has no picture, but these files.
    case noPictures(found: String)
    /// Labels and captions of pictures, by the path of their file, are not what they must be.
    case invalidMetadata(path: String, MetadataError)
    /// Embeddings of pictures, by the path of their file, are not what they must be.
    case invalidEmbeddings(path: String, EmbeddingsError)
    /// Files are no checkpoint that the engine can work with.
    case invalidCheckpoint(CheckpointError)
    /// A file has no weights by which features can be found.
    case invalidExtractor(CheckpointError)
    /// A file has no statistics of features.
    case invalidStatistics(StatisticsError)
    /// A file has more bytes than any of its kind.
    case fileTooLarge(limit: Int64)
    /// A configuration has more bytes than are read.
    case configurationTooLarge(path: String, size: Int64, limit: Int)
    /// The job prunes nothing, or has not come to it yet.
    case noPlan(job: String)

    /// What an error of the layers below comes to here; nil for one that is not about what was given.
    package init?(_ error: any Error) {
        switch error {
        case let error as JobsError: self = error
        case let error as CheckpointError: self = .invalidCheckpoint(error)
        default: return nil
        }
    }
}

extension JobsError: CustomStringConvertible {
    /// One sentence that may be shown to whoever asked.
    package var description: String {
        switch self {
        case .invalidFields(let errors):
            errors.prefix(4).map { $0.pointer.isEmpty ? "the body \($0.detail)" : "\($0.pointer) \($0.detail)" }.joined(separator: "; ")
        case .invalidName(let trouble): "the name \(trouble)"
        case .invalidPictures(let troubles): troubles
        case .noPictures(let found):
            "the archive holds no picture that is read, no PNG, JPEG or WebP" + (found.isEmpty ? "" : ", but \(found)")
        case .invalidMetadata(let path, let error): "\(path) \(error)"
        case .invalidEmbeddings(let path, let error): "\(path) \(error)"
        case .invalidCheckpoint(let error): error.description
        case .invalidExtractor(.tensors(let errors, let more)):
            "the file is not Inception v3 as pytorch-fid and torch-fidelity publish it: "
                + errors.map(\.description).joined(separator: "; ") + (more > 0 ? "; and \(more) more" : "")
        case .invalidExtractor(let error): error.description
        case .invalidStatistics(let error): "the file \(error)"
        case .fileTooLarge(let limit):
            "the file has more than \(limit) bytes, which none of its kind has"
        case .configurationTooLarge(let path, let size, let limit): "\(path) has \(size) bytes; at most \(limit) are read"
        case .noPlan(let job): "\(job) has no plan: it prunes nothing, or has not come to it yet"
        }
    }
}
