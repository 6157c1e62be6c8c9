import Media

/// What a file of a dataset's archive is for, by its name.
enum DatasetFile {
    /// Labels or captions of pictures, as Hugging Face's imagefolder has them.
    case metadata(MetadataReader.Format)
    /// An embedding of each picture.
    case embeddings
    /// A picture, or what is left out.
    case other

    /// - Parameter path: in the archive; folders do not matter.
    init(path: String) {
        switch path.lastPathPart {
        case "metadata.jsonl": self = .metadata(.lines)
        case "metadata.csv": self = .metadata(.table)
        case "embeddings.safetensors": self = .embeddings
        default: self = .other
        }
    }
}
