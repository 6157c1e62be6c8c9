/// One page of a list, newest first.
public struct Page<Item: Sendable>: Sendable {
    /// The items of this page.
    public let items: [Item]
    /// Whether the list goes on after the last of them.
    public let hasMore: Bool

    /// A page of the first `limit` of `rows`, which were fetched as one more than asked for.
    init(rows: [Item], limit: Int) {
        items = Array(rows.prefix(limit))
        hasMore = rows.count > limit
    }
}
