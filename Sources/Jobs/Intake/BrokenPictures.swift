/// Pictures of a dataset's archive that cannot be read, and of the first few why.
struct BrokenPictures {
    private static let most = 4

    private(set) var paths: Set<String> = []
    private var troubles: [String] = []

    var count: Int { paths.count }

    /// - Parameter trouble: what is wrong with it, after its name.
    mutating func add(_ path: String, _ trouble: String) {
        paths.insert(path)
        if troubles.count < Self.most { troubles.append("\(path) \(trouble)") }
    }

    /// The first few, and how many more.
    var text: String { troubles.joined(separator: "; ") + (count > troubles.count ? "; and \(count - troubles.count) more" : "") }

    /// What to tell whoever sent them, where that is an error.
    ///
    /// - Parameter others: how many pictures can be read.
    func refusal(beside others: Int) -> String {
        let remedy = others > 0 ? "; on_error=skip takes \(others == 1 ? "the other one" : "the other \(others)")" : ""
        return (count == 1 ? "" : "\(count) pictures cannot be read: ") + text + remedy
    }
}
