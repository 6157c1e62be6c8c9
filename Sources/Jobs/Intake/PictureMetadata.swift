import Engine

/// What the metadata of an archive says of its pictures, line by line, and what that comes to when all pictures are known.
struct PictureMetadata {
    private struct Told {
        /// Which file, by its place in `files`.
        let file: Int
        let row: MetadataReader.Row
    }

    /// What pictures are given.
    struct Given {
        /// The classes by their labels; nil where there are none.
        var classes: PictureClasses?
        /// Of each picture the number of its class, where there are classes.
        var numbers: [Int]?
        /// Of each picture its caption, nil where it has none; empty where no picture has one.
        var captions: [String?] = []
        var warnings: [Warning] = []

        /// Whether pictures' folders do not count any more.
        var isSomething: Bool { classes != nil || !captions.isEmpty }
    }

    /// What is wrong, and in which file.
    struct Refusal: Error {
        let path: String
        let error: MetadataError
    }

    private var files: [(path: String, others: Set<String>)] = []
    private var told: [String: Told] = [:]

    /// Bytes of memory that a row takes beyond its texts.
    static let rowCost = 320

    /// Begins with a file.
    mutating func begin(_ path: String) { files.append((path, [])) }

    /// Ends the file that was begun last.
    ///
    /// - Parameter others: what its lines have beside what is read.
    mutating func end(others: Set<String>) { files[files.count - 1].others = others }

    /// Takes a row of the file that was begun last.
    mutating func add(_ row: MetadataReader.Row) throws(MetadataError) {
        guard told.updateValue(Told(file: files.count - 1, row: row), forKey: row.picture) == nil else {
            throw .twice(line: row.line, picture: row.picture)
        }
    }

    /// What it comes to.
    ///
    /// - Parameters:
    ///   - pictures: the paths of all pictures, in order.
    ///   - others: the paths of the archive's other files.
    func given(to pictures: [String], beside others: Set<String>) throws(Refusal) -> Given {
        var given = Given()
        guard !files.isEmpty else { return given }
        let rows = pictures.map { told[$0] }
        let count = rows.count { $0 != nil }
        if count < told.count { given.warnings += try strangers(Set(pictures), others) }
        if rows.contains(where: { $0?.row.label != nil }) { (given.classes, given.numbers) = try classes(rows, pictures) }
        if rows.contains(where: { $0?.row.text != nil }) {
            given.captions = rows.map { $0?.row.text }
            let without = given.captions.count { $0 == nil }
            if without > 0 {
                let first = given.captions.firstIndex { $0 == nil } ?? 0
                given.warnings.append(
                    Warning(
                        .captionsMissing,
                        "\(without) of \(pictures.count) pictures have no text and take the empty caption, the first of them "
                            + pictures[first]))
            }
        }
        if !given.isSomething {
            let beside = files.reduce(into: Set<String>()) { $0.formUnion($1.others) }.sorted()
            let but = beside.isEmpty ? "" : ", but " + beside.joined(separator: ", ")
            given.warnings.append(Warning(.metadataEmpty, "\(files[0].path) gives no picture a label or a text" + but))
        }
        return given
    }

    /// Warns of rows of files that are no pictures, or refuses those of nothing at all.
    private func strangers(_ pictures: Set<String>, _ others: Set<String>) throws(Refusal) -> [Warning] {
        var leftOut = 0
        var unknown: Told?
        for found in told.values where !pictures.contains(found.row.picture) {
            if others.contains(found.row.picture) {
                leftOut += 1
            } else if unknown.map({ (found.file, found.row.line) < ($0.file, $0.row.line) }) ?? true {
                unknown = found
            }
        }
        if let unknown {
            throw Refusal(path: files[unknown.file].path, error: .unknown(line: unknown.row.line, file: unknown.row.picture))
        }
        guard leftOut > 0 else { return [] }
        let files = leftOut == 1 ? "1 file that was" : "\(leftOut) files that were"
        return [Warning(.metadataUnused, "metadata of \(files) left out is not used")]
    }

    private func classes(_ rows: [Told?], _ pictures: [String]) throws(Refusal) -> (PictureClasses, [Int]) {
        var labels: [PictureLabel] = []
        for row in rows { if let label = row?.row.label { labels.append(label) } }
        let file = files[rows.lazy.compactMap { $0 }.first { $0.row.label != nil }?.file ?? 0].path
        guard labels.count == pictures.count else {
            let first = rows.firstIndex { $0?.row.label == nil } ?? 0
            throw Refusal(path: file, error: .unlabelled(picture: pictures[first], count: pictures.count - labels.count))
        }
        let numbers = labels.compactMap(\.number)
        if numbers.count == labels.count {
            if let row = rows.first(where: { !PictureClasses.isNumber($0?.row.label?.number ?? 0) }), let row {
                let error = MetadataError.label(
                    line: row.row.line, expected: PictureClasses.label, found: "\(row.row.label?.number ?? 0)")
                throw Refusal(path: files[row.file].path, error: error)
            }
            return (PictureClasses(numbers: numbers), numbers)
        }
        let names = labels.compactMap(\.name)
        guard names.count == labels.count else {
            let number = labels.first { $0.name == nil }?.number ?? 0
            let name = labels.first { $0.number == nil }?.name ?? ""
            throw Refusal(path: file, error: .mixedLabels(number: number, name: name))
        }
        guard let classes = PictureClasses(names: names) else {
            throw Refusal(path: file, error: .tooManyClasses(limit: PictureClasses.most))
        }
        return (classes, names.map { classes.number(named: $0) ?? 0 })
    }
}
