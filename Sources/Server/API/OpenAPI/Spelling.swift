/// Which known word somebody may have meant.
enum Spelling {
    /// Longer words are nobody's slip.
    private static let longest = 64

    /// The known word that is nearest to `word`, or nil where none is near: one that differs in few letters, swapped neighbours being one
    /// difference, or that begins or ends with it. Capitals, hyphens and underscores do not count.
    static func nearest(to word: String, among known: [String]) -> String? {
        guard word.utf8.count <= longest else { return nil }
        let given = letters(word)
        guard let best = known.map({ (word: $0, distance: distance(given, letters($0))) }).min(by: { $0.distance < $1.distance })
        else { return nil }
        if best.distance <= min(max(1, given.count / 3), given.count - 1) { return best.word }
        guard given.count >= 3 else { return nil }
        return known.first { letters($0).starts(with: given) || letters($0).reversed().starts(with: given.reversed()) }
    }

    private static func letters(_ word: String) -> [UInt8] {
        word.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
    }

    /// Letters to be put in, left out, changed or swapped with their neighbours (optimal string alignment).
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var rows = [Array(0...other.count)]
        for (row, letter) in one.enumerated() {
            var next = [row + 1]
            for (column, found) in other.enumerated() {
                var best = min(rows[row][column] + (letter == found ? 0 : 1), rows[row][column + 1] + 1, next[column] + 1)
                if row > 0, column > 0, letter == other[column - 1], one[row - 1] == found {
                    best = min(best, rows[row - 1][column - 1] + 1)
                }
                next.append(best)
            }
            rows.append(next)
        }
        return rows[one.count][other.count]
    }
}
