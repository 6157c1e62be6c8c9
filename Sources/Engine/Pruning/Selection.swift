/// Which channels go: a ratio and a way of choosing widths, applied to groups. What it says of widths is of a uniform cut.
public struct Selection: Sendable {
    /// The share of each group's channels that is to go, 0…0.95.
    public let ratio: Double
    /// Which widths the result may have.
    public let widths: Widths
    /// What blocks' widths keep to.
    public let blockRules: BlockRules
    /// The new widths of blocks that have an order.
    private let blocks: [Int: Int]

    /// A choice; ratio 0 keeps everything.
    public init(ratio: Double, widths: Widths, blockRules: BlockRules) {
        self.ratio = ratio
        self.widths = widths
        self.blockRules = blockRules
        blocks = blockRules.widths { Self.blockWidth($0, ratio, blockRules) }
    }

    /// Channels to go from each of `parts` equal parts of `width` channels: ⌊p / parts⌋ with p = n - ⌊n (1 - ratio)⌋, but one stays.
    private static func removed(width: Int, parts: Int, _ ratio: Double) -> Int {
        let total = width - Int(Double(width) * (1 - ratio))
        return min(total / parts, width / parts - 1)
    }

    private static func blockWidth(_ width: Int, _ ratio: Double, _ rules: BlockRules) -> Int {
        let divisor = rules.divisor(of: width)
        return width - divisor * removed(width: width, parts: divisor, ratio)
    }

    /// A block's width after the cut, with widths by block.
    public func blockWidth(_ width: Int) -> Int { blocks[width] ?? Self.blockWidth(width, ratio, blockRules) }

    private func divisor(ofBlock width: Int) -> Int { blockRules.divisor(of: width) }

    /// The widths of groups that become narrower together after so many of the smallest steps that there are; nil where one would be left
    /// with nothing.
    func narrower(_ groups: [ChannelGroup], by steps: Int) -> [Int]? {
        var narrower: [Int] = []
        for group in groups {
            let width: Int
            switch (widths, group.rule) {
            case (.free, _): width = group.width - steps * group.parts
            case (.diffusers, .own), (.diffusers, .fixed): width = group.width
            case (.diffusers, .block): width = group.width - steps * divisor(ofBlock: group.width)
            case (.diffusers, .heads(let block, let head)): width = (block - steps * divisor(ofBlock: block)) / head * head
            case (.diffusers, .multiple(let block, let factor)): width = (block - steps * divisor(ofBlock: block)) * factor
            }
            guard width > 0 else { return nil }
            narrower.append(width)
        }
        return narrower
    }

    /// How many channels of a group stay.
    ///
    /// - Throws: ``PruningError/noHeadLeft(group:headWidth:blockWidth:)``.
    public func width(of group: ChannelGroup) throws(PruningError) -> Int {
        guard widths == .diffusers else {
            return group.width - group.parts * Self.removed(width: group.width, parts: group.parts, ratio)
        }
        switch group.rule {
        case .own, .fixed: return group.width
        case .block: return blockWidth(group.width)
        case .multiple(let block, let factor): return factor * blockWidth(block)
        case .heads(let blockWidth, let headWidth):
            let heads = self.blockWidth(blockWidth) / headWidth
            guard heads > 0 else {
                throw .noHeadLeft(group: group.name, headWidth: headWidth, blockWidth: self.blockWidth(blockWidth))
            }
            return heads * headWidth
        }
    }

    /// Checks that a ratio above 0 removes something.
    ///
    /// - Throws: ``PruningError``.
    public func validate(_ groups: [ChannelGroup]) throws(PruningError) {
        guard ratio > 0, try !removes(of: groups) else { return }
        // In hundredths, as people say them.
        let least = (1...95).lazy.map { Double($0) / 100 }.first { other in
            (try? Selection(ratio: other, widths: widths, blockRules: blockRules).removes(of: groups)) ?? false
        }
        guard let least else { throw widths == .diffusers ? .noBlockWidths : .nothingToRemove(ratio: ratio, least: nil) }
        throw .nothingToRemove(ratio: ratio, least: least)
    }

    /// Whether any channel goes.
    private func removes(of groups: [ChannelGroup]) throws(PruningError) -> Bool {
        var removes = false
        for group in groups where try width(of: group) < group.width { removes = true }
        return removes
    }

    /// The kept channels of every group, ascending. `importance` has one score per channel for each group.
    ///
    /// - Throws: ``PruningError``.
    public func kept(_ groups: [ChannelGroup], importance: [[Double]]) throws(PruningError) -> [[Int]] {
        var kept: [[Int]] = []
        for (index, group) in groups.enumerated() {
            kept.append(self.kept(index, of: groups, importance: importance, width: try width(of: group)))
        }
        return kept
    }

    /// The kept channels of one group, ascending, so many as are to stay.
    func kept(_ index: Int, of groups: [ChannelGroup], importance: [[Double]], width: Int) -> [Int] {
        let group = groups[index]
        if widths == .diffusers, case .heads(_, let headWidth) = group.rule {
            return wholeHeads(group, groups, importance, count: width / headWidth, headWidth: headWidth)
        }
        let parts = widths == .free ? group.parts : group.normGroups
        return highest(importance[index], parts: parts, keeping: width / parts)
    }

    /// The best `count` of each of `parts` equal runs; of equal scores the higher index stays.
    private func highest(_ scores: [Double], parts: Int, keeping count: Int) -> [Int] {
        let size = scores.count / parts
        return (0..<parts).flatMap { part in
            let run = (part * size)..<((part + 1) * size)
            return run.sorted { (scores[$0], $0) > (scores[$1], $1) }.prefix(count).sorted()
        }
    }

    /// Heads are ranked by all that goes with them: their q/k and their v channels together.
    private func wholeHeads(
        _ group: ChannelGroup, _ groups: [ChannelGroup], _ importance: [[Double]], count: Int, headWidth: Int
    ) -> [Int] {
        var scores = [Double](repeating: 0, count: group.width / headWidth)
        for (other, otherScores) in zip(groups, importance) where other.attention == group.attention {
            for (channel, score) in otherScores.enumerated() { scores[channel / headWidth] += score }
        }
        return highest(scores, parts: 1, keeping: count).flatMap { ($0 * headWidth)..<(($0 + 1) * headWidth) }
    }
}
