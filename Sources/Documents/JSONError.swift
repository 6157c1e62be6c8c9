/// Why bytes are no acceptable JSON document.
public struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    public let trouble: String
    /// The byte at which it was noticed.
    public let offset: Int

    /// The trouble and where it is.
    public var description: String { "\(trouble) at byte \(offset)" }
}
