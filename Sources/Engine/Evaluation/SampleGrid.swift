/// Pictures side by side on black, laid out as torchvision's `make_grid`: ⌈√n⌉ a row, 2 pixels between and around them.
public struct SampleGrid: Sendable, Equatable {
    /// Width of the whole in pixels.
    public let width: Int
    /// Height of the whole in pixels.
    public let height: Int
    /// 1 (gray) or 3 (red, green, blue).
    public let channels: Int
    /// The pixels, row by row, channels interleaved.
    public let bytes: [UInt8]

    /// Lays out pictures at their native size; a single one has no border, as in torchvision.
    ///
    /// Of pictures with other than 1 or 3 channels the first 3, or the first, are shown.
    public init(_ pictures: Pictures) {
        let padding = pictures.count > 1 ? 2 : 0
        let columns = max(1, Int(Double(pictures.count).squareRoot().rounded(.up)))
        let rows = (pictures.count + columns - 1) / columns
        let channels = pictures.channels >= 3 ? 3 : 1
        let width = (pictures.width + padding) * columns + padding
        let height = (pictures.height + padding) * rows + padding
        var bytes = [UInt8](repeating: 0, count: width * height * channels)
        for picture in 0..<pictures.count {
            let top = picture / columns * (pictures.height + padding) + padding
            let left = picture % columns * (pictures.width + padding) + padding
            for channel in 0..<channels {
                for row in 0..<pictures.height {
                    let source = ((picture * pictures.channels + channel) * pictures.height + row) * pictures.width
                    let target = ((top + row) * width + left) * channels + channel
                    for column in 0..<pictures.width { bytes[target + column * channels] = pictures.bytes[source + column] }
                }
            }
        }
        self.width = width
        self.height = height
        self.channels = channels
        self.bytes = bytes
    }
}
