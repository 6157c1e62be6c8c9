/// Files of an archive that have something in common: how many, and the first few.
struct CountedPaths {
    private static let most = 3

    private(set) var count = 0
    private var first: [String] = []

    mutating func add(_ path: String) {
        count += 1
        if first.count < Self.most { first.append(path) }
    }

    /// The first few, as text.
    var examples: String { first.joined(separator: ", ") + (count > first.count ? ", …" : "") }

    /// `1 picture was` or `7 pictures were`.
    func counted(_ word: String) -> String { count == 1 ? "1 \(word) was" : "\(count) \(word)s were" }
}
