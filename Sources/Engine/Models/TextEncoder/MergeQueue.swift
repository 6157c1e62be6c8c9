/// The merges that a word offers, the first in rank first, and of equals the leftmost: a binary heap.
struct MergeQueue {
    /// A pair of neighbours that may become one.
    struct Entry {
        /// The merge's rank.
        let rank: Int32
        /// Where the left one stands.
        let position: Int32
        /// What they become.
        let id: Int32

        fileprivate static func < (a: Entry, b: Entry) -> Bool { (a.rank, a.position) < (b.rank, b.position) }
    }

    private var entries: [Entry] = []

    mutating func push(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0, entries[child] < entries[(child - 1) / 2] {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the first away; nil when there is none.
    mutating func pop() -> Entry? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return first }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count && entries[child] < entries[least] { least = child }
            guard least != parent else { return first }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
