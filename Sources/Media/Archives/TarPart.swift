import Files

/// A piece of a tar.
package enum TarPart: Sendable {
    /// Headers, padding, and content that is in memory.
    case bytes([UInt8])
    /// So many bytes of a file.
    case file(OpenFile, offset: Int64, length: Int64)
}
