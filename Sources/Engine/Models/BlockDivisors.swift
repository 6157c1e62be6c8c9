/// Of what each width of a block must stay a multiple: its norms' groups, and heads where these stay whole.
public struct BlockDivisors: Sendable, Equatable, ExpressibleByIntegerLiteral {
    /// Of blocks of any other width.
    private let others: Int
    private let byWidth: [Int: Int]

    /// The same for all blocks. A norm of one block alone need not divide the other blocks' widths: each takes what it shares with this.
    public init(_ all: Int) { (others, byWidth) = (all, [:]) }

    /// One for each width that there is.
    public init(_ byWidth: [Int: Int]) { (others, self.byWidth) = (1, byWidth) }

    private init(_ others: Int, _ byWidth: [Int: Int]) { (self.others, self.byWidth) = (others, byWidth) }

    /// The same, but blocks of one width keep it.
    func keeping(_ width: Int) -> BlockDivisors { BlockDivisors(others, byWidth.merging([width: width]) { $1 }) }

    /// The same for all blocks.
    public init(integerLiteral all: Int) { self.init(all) }

    /// That of a block of a width.
    func of(_ width: Int) -> Int { greatestCommonDivisor(width, byWidth[width] ?? others) }
}
