/// Texts that are found wherever they stand, the leftmost first and of those the longest: a tree by letters.
struct TokenTrie: Sendable {
    /// Where a letter leads from a node; the root is 0.
    private var steps: [UInt64: UInt32] = [:]
    /// The ids of the texts that end at a node.
    private var ids: [UInt32: Int32] = [:]

    private static func step(_ node: UInt32, _ scalar: Unicode.Scalar) -> UInt64 { UInt64(node) << 32 | UInt64(scalar.value) }

    /// Adds a text; one that is there gets the new id.
    mutating func insert(_ text: [Unicode.Scalar], id: Int32) {
        guard !text.isEmpty else { return }
        var node: UInt32 = 0
        for scalar in text {
            let step = Self.step(node, scalar)
            node = steps[step] ?? UInt32(steps.count + 1)
            steps[step] = node
        }
        ids[node] = id
    }

    /// Calls `between` for what stands between the texts that are found, and `found` for those, in their order, until one returns false.
    ///
    /// - Returns: whether it went through to the end.
    func split(_ text: [Unicode.Scalar], between: (ArraySlice<Unicode.Scalar>) -> Bool, found: (Int32) -> Bool) -> Bool {
        var (start, place) = (0, 0)
        while place < text.count {
            guard let match = match(text, at: place) else {
                place += 1
                continue
            }
            if start < place, !between(text[start..<place]) { return false }
            guard found(match.id) else { return false }
            place = match.end
            start = place
        }
        return start == text.count || between(text[start...])
    }

    private func match(_ text: [Unicode.Scalar], at start: Int) -> (id: Int32, end: Int)? {
        var longest: (Int32, Int)?
        var (node, place): (UInt32, Int) = (0, start)
        while place < text.count, let next = steps[Self.step(node, text[place])] {
            place += 1
            node = next
            if let id = ids[node] { longest = (id, place) }
        }
        return longest
    }
}
