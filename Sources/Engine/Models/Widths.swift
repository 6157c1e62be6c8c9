/// How the widths of the result relate to each other.
public enum Widths: String, Sendable, CaseIterable, Codable {
    /// One width per `block_out_channels` entry: the plain `from_pretrained` loads the result.
    case diffusers
    /// Every group keeps what the ratio leaves of it, as the paper's code does.
    case free
}
