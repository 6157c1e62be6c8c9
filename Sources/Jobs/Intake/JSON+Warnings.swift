import Documents

extension JSON {
    /// The object with more of `warnings`.
    func warning(_ warnings: [String]) -> JSON {
        guard !warnings.isEmpty, case .array(let known) = self["warnings"] ?? [] else { return self }
        return replacing(["warnings": .array(known + warnings.map(JSON.string))])
    }
}
