/// What blocks' widths must keep to where a configuration is to tell them: each stays a multiple of its norms' groups, and of heads where these
/// stay whole, and neighbours that differ go on differing, as diffusers has a shortcut between such blocks only.
public struct BlockRules: Sendable, Equatable, ExpressibleByIntegerLiteral {
    /// The divisor of blocks of any other width.
    private let others: Int
    private let byWidth: [Int: Int]
    /// The widths of blocks in their order; empty where there is no order.
    private let blocks: [Int]

    private init(_ others: Int, _ byWidth: [Int: Int], _ blocks: [Int]) {
        (self.others, self.byWidth, self.blocks) = (others, byWidth, blocks)
    }

    /// One divisor for all blocks. A norm of one block alone need not divide the other blocks' widths: each takes what it shares with this.
    ///
    /// - Parameter blocks: `block_out_channels`.
    public init(_ all: Int, blocks: [Int] = []) { self.init(all, [:], blocks) }

    /// One divisor for each width that there is.
    ///
    /// - Parameter blocks: `block_out_channels`.
    public init(_ byWidth: [Int: Int], blocks: [Int]) { self.init(1, byWidth, blocks) }

    /// One divisor for all blocks, which have no order.
    public init(integerLiteral all: Int) { self.init(all) }

    /// The same, but blocks of one width keep it.
    func keeping(_ width: Int) -> BlockRules { BlockRules(others, byWidth.merging([width: width]) { $1 }, blocks) }

    /// What a width stays a multiple of.
    func divisor(of width: Int) -> Int { greatestCommonDivisor(width, byWidth[width] ?? others) }

    /// Every block's width after a cut, by its width before: what `cut` makes of it, or the next greater that keeps neighbours apart.
    func widths(_ cut: (Int) -> Int) -> [Int: Int] {
        var result: [Int: Int] = [:]
        for width in Set(blocks).sorted() {
            var new = cut(width)
            // Narrower neighbours come first. What is as wide as before is wider than they are.
            while new < width, neighbours(of: width).contains(where: { $0 < width && result[$0] == new }) { new += divisor(of: width) }
            result[width] = new
        }
        return result
    }

    private func neighbours(of width: Int) -> [Int] {
        zip(blocks, blocks.dropFirst()).flatMap { $0 == width ? [$1] : $1 == width ? [$0] : [] }
    }
}
