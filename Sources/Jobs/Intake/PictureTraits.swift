import Engine
import Media

/// What the pictures of an archive come to together, as far as they have been read.
struct PictureTraits {
    /// A side of a picture, and whose it is.
    struct Side {
        private(set) var length = Int.max
        private(set) var path = ""
        /// The picture's other one: of equal sides the smaller picture's is told.
        private var other = Int.max

        fileprivate mutating func shrink(to length: Int, _ other: Int, _ path: String) {
            if (length, other) < (self.length, self.other) { (self.length, self.other, self.path) = (length, other, path) }
        }
    }

    /// Whether pictures are turned as EXIF says.
    private let isTurned: Bool
    /// The smallest, of pictures as they are used.
    private(set) var (width, height) = (Side(), Side())
    /// How many there are of each size.
    private var sizes: [PictureSize: Int] = [:]
    private var channelCounts: Set<Int> = []
    private var turned = CountedPaths()
    private var transparent = CountedPaths()
    private var narrow = CountedPaths()

    init(_ choices: DatasetChoices) { isTurned = choices.exif == .apply }

    /// 1 where all are gray, else 3.
    var channels: Int { channelCounts.max() ?? 3 }

    mutating func add(_ path: String, _ picture: PictureInfo) {
        let swaps = isTurned && picture.orientation.swapsSides
        let sides = swaps ? [picture.height, picture.width] : [picture.width, picture.height]
        width.shrink(to: sides[0], sides[1], path)
        height.shrink(to: sides[1], sides[0], path)
        sizes[PictureSize(width: sides[0], height: sides[1]), default: 0] += 1
        channelCounts.insert(picture.channels)
        if picture.orientation != .topLeft { turned.add(path) }
        if picture.isTransparent { transparent.add(path) }
        if picture.isNarrow { narrow.add(path) }
    }

    /// How many pictures there are of each size, the least side first.
    var counts: PictureSizes { PictureSizes(sizes) }

    /// What to tell whoever sent them.
    var notes: [Warning] {
        var notes: [Warning] = []
        if sizes.count > 1 {
            let which = width.path == height.path ? width.path : "\(width.path) is the narrowest, \(height.path) the lowest"
            notes.append(.init(.sizesDiffer, "the pictures differ in size; width and height tell the smallest (\(which))"))
        }
        if channelCounts.count > 1 { notes.append(.init(.grayPictures, "some pictures are gray and are used as colour pictures")) }
        func note(_ paths: CountedPaths, _ code: WarningCode, one: String, many: String) {
            guard paths.count > 0 else { return }
            notes.append(.init(code, (paths.count == 1 ? "1 picture \(one)" : "\(paths.count) pictures \(many)") + ": \(paths.examples)"))
        }
        if !isTurned {
            note(
                turned, .exifIgnored, one: "is turned by its EXIF orientation, which is ignored (exif=apply turns it)",
                many: "are turned by their EXIF orientation, which is ignored (exif=apply turns them)")
        }
        note(
            transparent, .transparencyDropped, one: "is transparent, which is dropped: its colours behind show",
            many: "are transparent, which is dropped: their colours behind show")
        note(
            narrow, .narrowRange, one: "has 16 bits a sample of which the upper two or more are empty: it is nearly black",
            many: "have 16 bits a sample of which the upper two or more are empty: they are nearly black")
        return notes
    }
}
