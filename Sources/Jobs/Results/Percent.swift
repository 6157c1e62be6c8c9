/// Shares in words.
enum Percent {
    /// In whole per cent, as `45%`.
    static func told(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
}
