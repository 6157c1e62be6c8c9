import Documents

/// The classes into which a dataset's pictures fall: by their labels, or by their top-level folders, where every picture lies in one.
struct PictureClasses: Sendable {
    /// Those that have pictures. Names sorted byte by byte, a class's number being its place; or numbers, a class's name being its number.
    let names: [String]
    /// How many class numbers there are: the greatest, and one.
    let count: Int
    /// How many pictures each has.
    private let images: [Int]
    private let numbers: [String: Int]

    /// More folders than this are no classes; more labels are refused.
    static let most = 10_000
    /// Bytes of a label.
    static let longestName = 255

    /// What a label must be, as errors say it.
    static let label = "a text of at most \(longestName) bytes or a whole number from 0 to \(most - 1)"

    /// Whether a class may have this number.
    static func isNumber(_ number: Int) -> Bool { (0..<most).contains(number) }

    /// Whether a class may have this name.
    static func isName(_ name: String) -> Bool { (1...longestName).contains(name.utf8.count) && !name.utf8.contains(0) }

    /// The classes of pictures by their paths; nil where one of them lies in no folder, or there are too many folders.
    init?(paths: some Sequence<String>) {
        var counts: [String: Int] = [:]
        for path in paths {
            guard let folder = Self.folder(path) else { return nil }
            counts[folder, default: 0] += 1
            guard counts.count <= Self.most else { return nil }
        }
        self.init(counts)
    }

    /// The classes of pictures by their labels; nil where there are too many.
    init?(names: [String]) {
        var counts: [String: Int] = [:]
        for name in names {
            counts[name, default: 0] += 1
            guard counts.count <= Self.most else { return nil }
        }
        self.init(counts)
    }

    /// The classes of pictures by their numbers, of which those without pictures are left out.
    init(numbers: [Int]) {
        let counts = numbers.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }.sorted { $0.key < $1.key }
        self.init(counts.map { (String($0.key), $0.value) }, count: (counts.last?.key ?? -1) + 1)
    }

    /// What a dataset's record keeps; nil where there are none.
    init?(_ json: JSON?, count: Int?) {
        guard case .array(let classes)? = json, !classes.isEmpty else { return nil }
        self.init(
            classes.compactMap { entry in
                guard case .string(let name)? = entry["name"] else { return nil }
                return (name, entry["images"]?.integer ?? 0)
            }, count: count ?? classes.count)
    }

    private init(_ counts: [String: Int]) {
        self.init(
            counts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) }, count: counts.count)
    }

    private init(_ classes: [(name: String, images: Int)], count: Int) {
        names = classes.map(\.name)
        images = classes.map(\.images)
        numbers = Dictionary(zip(names, names.indices)) { first, _ in first }
        self.count = count
    }

    /// The number of a picture's class by its folder; nil where it lies in none.
    func number(of path: String) -> Int? { Self.folder(path).flatMap { numbers[$0] } }

    /// The name of a class by its number; a number is its own where some have no pictures.
    func name(of number: Int) -> String {
        names.count == count && names.indices.contains(number) ? names[number] : String(number)
    }

    /// The number of a class whose name it is.
    func number(named name: String) -> Int? { numbers[name] }

    /// As the API tells them.
    var json: JSON { .array(zip(names, images).map { ["name": .string($0), "images": .integer($1)] }) }

    private static func folder(_ path: String) -> String? {
        guard let end = path.utf8.firstIndex(of: UInt8(ascii: "/")), end > path.startIndex else { return nil }
        return String(path[..<end])
    }
}
