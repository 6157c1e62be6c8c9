import Engine
import Media

/// Files of a dataset's archive that are not read: no pictures, or pictures of formats that are not, or hidden.
struct LeftOutFiles {
    /// What is told of some of them.
    private struct Group {
        private(set) var paths = CountedPaths()
        /// How many of each kind.
        private var kinds: [String: Int] = [:]

        mutating func add(_ path: String, _ kind: String) {
            paths.add(path)
            kinds[kind, default: 0] += 1
        }

        var text: String {
            let sorted = kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            let told = sorted.prefix(6).map { "\($0.value) \($0.key)" }
            let rest = sorted.count > 6 ? ["\(sorted.dropFirst(6).reduce(0) { $0 + $1.value }) of other kinds"] : []
            return (told + rest).joined(separator: ", ") + " (\(paths.examples))"
        }
    }

    /// All of them.
    private(set) var paths: Set<String> = []
    private var pictures = Group()
    private var others = Group()
    private var hidden = Group()
    private var broken = BrokenPictures()
    private var lostMetadata: String?

    /// Takes note of a hidden file.
    ///
    /// - Parameter kind: of ``HiddenFile/kind(_:)``.
    mutating func add(_ path: String, hiddenBy kind: String) {
        paths.insert(path)
        hidden.add(path, kind)
    }

    /// Takes note of pictures that cannot be read.
    mutating func add(_ pictures: BrokenPictures) {
        paths.formUnion(pictures.paths)
        broken = pictures
    }

    /// Takes note of a file.
    ///
    /// - Parameter beginning: its first bytes.
    mutating func add(_ path: String, _ beginning: [UInt8]) {
        paths.insert(path)
        if let kind = PictureFormat.unread(path, beginning) { return pictures.add(path, kind) }
        let ending = PictureFormat.ending(of: path)
        let isPlain = ending.utf8.count <= 12 && ending.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
        others.add(path, ending.isEmpty ? "without an ending" : isPlain ? ending : "with another ending")
        if path.lastPathPart == "metadata.parquet" { lostMetadata = path }
    }

    /// What they are, after "… holds no picture"; empty where there are none.
    var summary: String {
        let groups = [pictures, others, hidden].filter { $0.paths.count > 0 }.map(\.text)
        return ((broken.count > 0 ? [broken.text] : []) + groups).joined(separator: "; ")
    }

    /// What to tell whoever sent them.
    var notes: [Warning] {
        var notes: [Warning] = []
        if broken.count > 0 {
            let what = broken.count == 1 ? "it cannot be read" : "they cannot be read"
            let counted = broken.count == 1 ? "1 picture was" : "\(broken.count) pictures were"
            notes.append(.init(.picturesSkipped, "\(counted) left out, as \(what): \(broken.text)"))
        }
        if pictures.paths.count > 0 {
            let counted = pictures.paths.counted("picture")
            notes.append(.init(.picturesNotRead, "\(counted) left out, as only \(PictureFormat.names) are read: \(pictures.text)"))
        }
        if others.paths.count > 0 {
            let nature = others.paths.count == 1 ? "is no picture" : "are no pictures"
            notes.append(.init(.filesLeftOut, "\(others.paths.counted("file")) left out that \(nature): \(others.text)"))
        }
        if hidden.paths.count > 0 {
            let nature = hidden.paths.count == 1 ? "is hidden or litter" : "are hidden or litter"
            notes.append(.init(.hiddenFilesLeftOut, "\(hidden.paths.counted("file")) left out that \(nature): \(hidden.text)"))
        }
        if let lostMetadata {
            notes.append(.init(.metadataNotRead, "\(lostMetadata) is not read: metadata.jsonl and metadata.csv are"))
        }
        return notes
    }
}
