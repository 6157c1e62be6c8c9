import Media

/// Files of a dataset's archive that are not read: no pictures, or pictures of formats that are not.
struct LeftOutFiles {
    /// What is told of some of them.
    private struct Group {
        var count = 0
        /// How many of each kind.
        var kinds: [String: Int] = [:]
        /// The first few.
        var examples: [String] = []

        mutating func add(_ path: String, _ kind: String) {
            count += 1
            kinds[kind, default: 0] += 1
            if examples.count < 3 { examples.append(path) }
        }

        var text: String {
            let sorted = kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            let told = sorted.prefix(6).map { "\($0.value) \($0.key)" }
            let rest = sorted.count > 6 ? ["\(sorted.dropFirst(6).reduce(0) { $0 + $1.value }) of other kinds"] : []
            return (told + rest).joined(separator: ", ") + " (\(examples.joined(separator: ", "))\(count > examples.count ? ", …" : ""))"
        }
    }

    /// All of them.
    private(set) var paths: Set<String> = []
    private var pictures = Group()
    private var others = Group()
    private var lostMetadata: String?

    /// Takes note of a file.
    ///
    /// - Parameter beginning: its first bytes.
    mutating func add(_ path: String, _ beginning: [UInt8]) {
        paths.insert(path)
        if let kind = PictureFormat.unread(path, beginning) { return pictures.add(path, kind) }
        let ending = PictureFormat.ending(of: path)
        let isPlain = ending.utf8.count <= 12 && ending.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
        others.add(path, ending.isEmpty ? "without an ending" : isPlain ? ending : "with another ending")
        if path.split(separator: "/").last == "metadata.parquet" { lostMetadata = path }
    }

    /// What they are, after "… holds no picture"; empty where there are none.
    var summary: String { [pictures, others].filter { $0.count > 0 }.map(\.text).joined(separator: "; ") }

    /// What to tell whoever sent them.
    var warnings: [String] {
        var warnings: [String] = []
        if pictures.count > 0 {
            warnings.append("\(Self.counted(pictures.count, "picture")) left out, as only PNG and JPEG are read: \(pictures.text)")
        }
        if others.count > 0 {
            let nature = others.count == 1 ? "is no picture" : "are no pictures"
            warnings.append("\(Self.counted(others.count, "file")) left out that \(nature): \(others.text)")
        }
        if let lostMetadata { warnings.append("\(lostMetadata) is not read: metadata.jsonl and metadata.csv are") }
        return warnings
    }

    private static func counted(_ count: Int, _ word: String) -> String { count == 1 ? "1 \(word) was" : "\(count) \(word)s were" }
}
