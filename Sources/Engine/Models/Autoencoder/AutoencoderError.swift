/// Why an autoencoder cannot work on pictures. Texts are safe to show to whoever sent it.
public enum AutoencoderError: Error, Equatable, CustomStringConvertible {
    /// The pictures' sides cannot be halved as often as there are levels.
    case size(height: Int, width: Int, multiple: Int)
    /// The pictures are larger than any that are worked on.
    case tooLarge(height: Int, width: Int)
    /// The checkpoint has a decoder alone.
    case noEncoder
    /// The decoder was not loaded.
    case noDecoder
    /// The layers do not fit together.
    case graph(GraphError)

    /// What is wrong.
    public var description: String {
        switch self {
        case .size(let height, let width, let multiple):
            "pictures of \(height)×\(width) cannot become latents: the autoencoder takes sides that are multiples of \(multiple)"
        case .tooLarge(let height, let width): "pictures of \(height)×\(width) are too large for the autoencoder's layers"
        case .noEncoder: "the autoencoder has no encoder, so that pictures cannot become latents: send its whole weights"
        case .noDecoder: "the autoencoder's decoder is not there"
        case .graph(let error): "the autoencoder does not fit together: \(error)"
        }
    }
}
