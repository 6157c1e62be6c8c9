/// What a running job is at.
public enum JobPhase: String, Sendable, CaseIterable, Codable {
    case loading, encoding, scoring, searching, pruning, reconstructing, finetuning, evaluating, exporting
}
