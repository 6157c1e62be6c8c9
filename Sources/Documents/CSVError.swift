/// Why bytes are no acceptable CSV.
public struct CSVError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    public let trouble: String
    /// The line on which it was noticed, from 1 on.
    public let line: Int

    /// The trouble and where it is.
    public var description: String { "\(trouble) on line \(line)" }
}
