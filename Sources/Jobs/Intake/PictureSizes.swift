import Documents

/// The size of a picture in pixels, as it is used.
struct PictureSize: Hashable {
    let width: Int
    let height: Int

    /// By the least side: those that are too small for a network come first.
    fileprivate var rank: (Int, Int, Int) { (min(width, height), width, height) }
}

/// How many pictures of a dataset have each size, for the sizes of the least sides.
struct PictureSizes {
    /// The least side first.
    private let counts: [(size: PictureSize, images: Int)]

    /// Sizes that are kept: photographs may all have different ones.
    private static let most = 100

    init(_ counts: [PictureSize: Int]) {
        self.counts = counts.sorted { $0.key.rank < $1.key.rank }.prefix(Self.most).map { ($0.key, $0.value) }
    }

    /// Reads what a record keeps; nothing of one that was stored before sizes were counted.
    init(_ stored: JSON?) {
        guard case .array(let sizes)? = stored else {
            counts = []
            return
        }
        counts = sizes.compactMap { size in
            guard let width = size["width"]?.integer, let height = size["height"]?.integer, let images = size["images"]?.integer else {
                return nil
            }
            return (PictureSize(width: width, height: height), images)
        }
    }

    /// As the API tells them.
    var json: JSON {
        .array(counts.map { ["width": .integer($0.size.width), "height": .integer($0.size.height), "images": .integer($0.images)] })
    }

    /// How many pictures, at least, are narrower or lower than that.
    func count(below width: Int, _ height: Int) -> Int {
        counts.reduce(0) { $1.size.width < width || $1.size.height < height ? $0 + $1.images : $0 }
    }

    /// Whether ``count(below:_:)`` is all of them.
    func isWhole(below width: Int, _ height: Int) -> Bool {
        counts.count < Self.most || (counts.last.map { min($0.size.width, $0.size.height) >= max(width, height) } ?? false)
    }
}
