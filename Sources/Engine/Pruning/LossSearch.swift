import Foundation

/// Finds the furthest of ever further cuts that a loss allows, by what it is after each of a few of them: not by a prediction.
///
/// Cuts are told by how many ``parts`` of the original's multiply-accumulates they may leave: all of them is no cut. It says which one to try
/// next, after those that were tried; so a search that was cut off goes on from what is known of it.
public struct LossSearch: Sendable, Equatable {
    /// In so many parts the original's multiply-accumulates are counted.
    public static let parts = 200

    /// What a cut is to keep to.
    public enum Rule: Sendable, Equatable {
        /// The loss is at most so much above the original's, as a share of that.
        case increase(Double)
        /// The loss does not bend up yet: on the way down it is where loss × multiply-accumulates is least for the first time. Up to there a
        /// per cent of them costs less than a per cent of the loss; beyond it costs more.
        case bend
    }

    /// A cut that was tried.
    public struct Trial: Sendable, Equatable {
        /// How many ``LossSearch/parts`` it might leave.
        public let parts: Int
        /// What it left, of one sample; nil where there is no cut so far.
        public let multiplyAccumulates: Int?
        /// The loss then; nil where there is no such cut, or it is not finite.
        public let loss: Double?
        /// What was foretold of the loss by the trials before.
        public let predicted: Double?

        /// What came of a cut.
        public init(parts: Int, multiplyAccumulates: Int?, loss: Double?, predicted: Double? = nil) {
            self.parts = parts
            self.multiplyAccumulates = multiplyAccumulates
            self.loss = loss.flatMap { $0.isFinite ? $0 : nil }
            self.predicted = predicted
        }
    }

    /// What is looked for.
    public let rule: Rule
    /// The original's loss.
    public let loss: Double
    /// The original's multiply-accumulates.
    public let multiplyAccumulates: Int

    /// A search.
    public init(_ rule: Rule, loss: Double, multiplyAccumulates: Int) {
        (self.rule, self.loss, self.multiplyAccumulates) = (rule, loss, multiplyAccumulates)
    }

    /// How many trials there are about, to tell how long it will take.
    public static func trials(_ rule: Rule) -> Int {
        switch rule {
        case .increase: 6
        case .bend: 14
        }
    }

    /// By how much the loss of a trial is above the original's, as a share of that.
    public func increase(_ trial: Trial) -> Double? { trial.loss.map { loss > 0 ? $0 / loss - 1 : ($0 > loss ? .infinity : 0) } }

    /// How many parts the next cut may leave; nil where nothing is left to try.
    public func next(after trials: [Trial]) -> Int? {
        // What is asked for besides may take a cut of its own.
        guard !trials.isEmpty else { return Self.parts }
        switch rule {
        case .increase: return between(trials)
        case .bend: return lower(trials)
        }
    }

    /// The trial that is kept to: nil where not even the first, that of all parts, is within the rule.
    public func best(of trials: [Trial]) -> Trial? {
        switch rule {
        case .increase: trials.filter(isAllowed).min { $0.parts < $1.parts }
        case .bend: lowest(trials)
        }
    }

    // MARK: Increase

    private func isAllowed(_ trial: Trial) -> Bool {
        guard case .increase(let most) = rule, let increase = increase(trial) else { return false }
        return increase <= most
    }

    /// The parts that a cut really left, rounded up: cuts that may leave anything from there on are the same.
    private func left(_ trial: Trial) -> Int {
        guard let left = trial.multiplyAccumulates, multiplyAccumulates > 0 else { return trial.parts }
        return min(trial.parts, (left * Self.parts + multiplyAccumulates - 1) / multiplyAccumulates)
    }

    /// A cut between what is allowed and what is too far: where the rise that is allowed is foretold, or in the middle where nothing is foretold or
    /// that does not come to an end. All that is further than what is too far is taken to be so, too.
    private func between(_ trials: [Trial]) -> Int? {
        guard case .increase(let most) = rule, let can = trials.filter(isAllowed).map(left).min() else { return nil }
        let cannot = trials.filter { !isAllowed($0) }.map(\.parts).max() ?? 0
        guard can - cannot > 1 else { return nil }
        guard trials.count < Self.mostForetold, let growth = growth(near: (can + cannot) / 2, trials), most > 0 else {
            return (can + cannot) / 2
        }
        let missing = pow(most / growth.factor, 1 / growth.power)
        return min(can - 1, max(cannot + 1, Int(((1 - missing) * Double(Self.parts)).rounded(.up))))
    }

    // MARK: Foretelling

    /// After so many trials the middle is taken.
    private static let mostForetold = 7
    /// How the rise grows with the share that is cut off, as long as one cut tells of it, and how slowly or fast it may with two.
    private static let usualPower = 2.0
    private static let powers = 0.5...8.0

    /// What the loss will be after a cut: its rise grows as a power of the share of multiply-accumulates that goes, through the two cuts that are
    /// nearest of those that were tried. Nil where none raised it.
    public func predicted(_ parts: Int, after trials: [Trial]) -> Double? {
        growth(near: parts, trials).map { loss * (1 + $0.factor * pow(Self.missing(parts), $0.power)) }
    }

    private static func missing(_ parts: Int) -> Double { Double(Self.parts - parts) / Double(Self.parts) }

    /// The rise as `factor` × (share that goes)^`power`.
    private func growth(near parts: Int, _ trials: [Trial]) -> (factor: Double, power: Double)? {
        let known = trials.compactMap { trial -> (missing: Double, increase: Double)? in
            guard trial.parts < Self.parts, let increase = increase(trial), increase > 0, increase.isFinite else { return nil }
            return (Self.missing(trial.parts), increase)
        }.sorted { abs($0.missing - Self.missing(parts)) < abs($1.missing - Self.missing(parts)) }
        guard let near = known.first else { return nil }
        var power = Self.usualPower
        if let other = known.dropFirst().first {
            let found = log(near.increase / other.increase) / log(near.missing / other.missing)
            if found.isFinite { power = min(Self.powers.upperBound, max(Self.powers.lowerBound, found)) }
        }
        return (near.increase / pow(near.missing, power), power)
    }

    // MARK: Bend

    /// Steps on the way down, and those by which it is then looked nearer beside the lowest.
    private static let steps = [20, 10, 5]
    /// After so many steps up it is no chance that it goes up.
    private static let enough = 2

    private func product(_ trial: Trial) -> Double? {
        guard let loss = trial.loss, let left = trial.multiplyAccumulates else { return nil }
        return loss * Double(left)
    }

    /// The first minimum on the way down: what comes after ``enough`` steps up is not looked at, however low. Of equal ones the wider cut.
    private func lowest(_ trials: [Trial]) -> Trial? {
        var (best, up) = (nil as Trial?, 0)
        for trial in trials.sorted(by: { $0.parts > $1.parts }) {
            guard let product = product(trial) else { break }
            if let known = best.flatMap(self.product), product >= known {
                up += 1
                if up == Self.enough { break }
            } else {
                (best, up) = (trial, 0)
            }
        }
        return best
    }

    private func lower(_ trials: [Trial]) -> Int? {
        guard let lowest = lowest(trials), let last = trials.min(by: { $0.parts < $1.parts }) else { return nil }
        let down = Self.steps[0]
        let walk = trials.filter { $0.parts % down == 0 }.sorted { $0.parts > $1.parts }
        let best = self.lowest(walk)
        let isOver = product(last) == nil || walk.filter { $0.parts < best?.parts ?? 0 }.count >= Self.enough
        /// Whether a cut that was tried leaves no more than this, either.
        func isKnown(_ parts: Int) -> Bool { trials.contains { left($0) <= parts && parts <= $0.parts } }
        if !isOver, let start = walk.last?.parts,
            let further = stride(from: start - down, to: 0, by: -down).first(where: { !isKnown($0) })
        {
            return further
        }
        for step in Self.steps.dropFirst() {
            for parts in [lowest.parts + step, lowest.parts - step]
            where parts > 0 && parts <= Self.parts && !isKnown(parts) {
                return parts
            }
        }
        return nil
    }
}
