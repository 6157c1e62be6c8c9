/// Why captions cannot become embeddings. Descriptions are safe to show to whoever sent the files.
public enum TextConditionerError: Error, Equatable, CustomStringConvertible {
    /// The tokenizer's files.
    case tokenizer(TokenizerError)
    /// The text encoder's config or weights.
    case encoder(CheckpointError)
    /// The two do not fit together: the tokenizer has ids for which the encoder has no embeddings.
    case vocabulary(largestID: Int, rows: Int)

    /// What is wrong, naming the pipeline's folder.
    public var description: String {
        switch self {
        case .tokenizer(let error): "tokenizer: \(error)"
        case .encoder(let error): "text_encoder: \(error)"
        case .vocabulary(let largest, let rows):
            "the tokenizer has ids up to \(largest), the text_encoder's vocab_size is \(rows): they are not of one pipeline"
        }
    }
}
