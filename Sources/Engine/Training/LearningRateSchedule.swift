import Foundation

/// How the learning rate goes over a run.
public enum LearningRateSchedule: String, Sendable, CaseIterable {
    /// It rises linearly over the warm-up and stays.
    case constant
    /// It rises linearly over the warm-up and falls to zero over the rest as half a cosine (arXiv 1608.03983, equation 5, without restarts;
    /// `torch.optim.lr_scheduler.CosineAnnealingLR` with `T_max` of the steps after warm-up).
    case cosine

    /// What the learning rate is multiplied by at a step, counted from 1.
    package func factor(step: Int, of steps: Int, warmup: Int) -> Double {
        if step <= warmup { return Double(step) / Double(warmup) }
        switch self {
        case .constant: return 1
        case .cosine: return (1 + cos(.pi * Double(step - 1 - warmup) / Double(max(1, steps - warmup)))) / 2
        }
    }
}
