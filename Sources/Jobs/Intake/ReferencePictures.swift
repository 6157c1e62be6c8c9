import Engine

/// Pictures as they should be, which sets of samples are compared with.
struct ReferencePictures {
    /// The dataset's identifier; nil where they are the job's own.
    let dataset: String?
    private let pictures: StoredPictures
    private let range: Range<Int>

    /// No more are looked at.
    static let most = 50_000

    /// Those of a dataset, the first where they are many.
    init(_ pictures: StoredPictures, of dataset: String) {
        (self.pictures, self.dataset, range) = (pictures, dataset, 0..<min(pictures.count, Self.most))
    }

    /// Those by which the held-out loss is found.
    init(heldOutOf pictures: StoredPictures) {
        (self.pictures, dataset, range) = (pictures, nil, HeldOutLoss.held(of: pictures.count))
    }

    /// How many.
    var count: Int { range.count }

    /// Some of them, cropped and resized.
    func load(_ some: Range<Int>, _ shape: Shape) throws -> Pictures {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(some.count * shape.count)
        for index in some {
            let pixels = try pictures.load(range.lowerBound + index, shape)
            for channel in 0..<shape.channels {
                for pixel in 0..<shape.pixels { bytes.append(pixels[pixel * shape.channels + channel]) }
            }
        }
        return Pictures(count: some.count, channels: shape.channels, height: shape.height, width: shape.width, bytes: bytes)
    }
}
