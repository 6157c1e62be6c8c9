/// A file that a job made, such as a grid of samples.
public struct JobFile: Sendable, Equatable {
    /// Its name within the job.
    public let name: String
    /// Its contents.
    public let digest: BlobDigest
    /// Bytes.
    public let size: Int64
}
