import Documents

/// The classes into which a dataset's pictures fall: their top-level folders, where every picture lies in one.
struct PictureClasses: Sendable {
    /// Sorted byte by byte; a class's number is its place.
    let names: [String]
    /// How many pictures each has.
    private let images: [Int]
    private let numbers: [String: Int]

    /// More folders than this are no classes.
    static let most = 10_000

    /// The classes of pictures by their paths; nil where one of them lies in no folder, or there are too many folders.
    init?(paths: some Sequence<String>) {
        var counts: [String: Int] = [:]
        for path in paths {
            guard let folder = Self.folder(path) else { return nil }
            counts[folder, default: 0] += 1
            guard counts.count <= Self.most else { return nil }
        }
        self.init(counts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) })
    }

    /// What a dataset's record keeps; nil where there are none.
    init?(_ json: JSON?) {
        guard case .array(let classes)? = json, !classes.isEmpty else { return nil }
        self.init(
            classes.compactMap { entry in
                guard case .string(let name)? = entry["name"] else { return nil }
                return (name, entry["images"]?.integer ?? 0)
            })
    }

    private init(_ classes: [(name: String, images: Int)]) {
        names = classes.map(\.name)
        images = classes.map(\.images)
        numbers = Dictionary(zip(names, names.indices)) { first, _ in first }
    }

    /// The number of a picture's class; nil where it lies in none.
    func number(of path: String) -> Int? { Self.folder(path).flatMap { numbers[$0] } }

    /// As the API tells them.
    var json: JSON { .array(zip(names, images).map { ["name": .string($0), "images": .integer($1)] }) }

    private static func folder(_ path: String) -> String? {
        guard let end = path.firstIndex(of: "/"), end > path.startIndex else { return nil }
        return String(path[..<end])
    }
}
