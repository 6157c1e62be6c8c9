import Documents

/// What a person says beside a checkpoint's files, where these leave it open.
package struct CheckpointChoices: Sendable {
    /// Draw fresh weights where the files hold none.
    package var initialization: CheckpointIntake.Initialization?
    /// Which of several weights to take; nil takes the standard ones.
    package var variant: String?
    /// What the network is for, where its configuration does not say.
    package var sampleSize: SampleSize?

    /// The identifier of a checkpoint here whose configuration it is, and whose parts are taken where none were sent.
    package var config: String?

    /// What was said.
    package init(
        initialization: CheckpointIntake.Initialization? = nil, variant: String? = nil, sampleSize: SampleSize? = nil, config: String? = nil
    ) {
        self.initialization = initialization
        self.config = config
        self.variant = variant
        self.sampleSize = sampleSize
    }
}

/// The height and width of a network's samples.
package struct SampleSize: Sendable, Equatable, CustomStringConvertible {
    private let height: Int
    private let width: Int

    /// What ``init(_:)`` takes, for whoever wrote something else.
    package static let expected = "a side such as 64, or height x width such as 64x96"

    /// `64` or, height before width, `64x96`; nil of any other text.
    package init?(_ text: String) {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1], height > 0, width > 0,
            "\(height)" == text || "\(height)x\(width)" == text
        else { return nil }
        (self.height, self.width) = (height, width)
    }

    /// As it was written.
    package var description: String { height == width ? "\(height)" : "\(height)x\(width)" }

    /// As a configuration has it.
    var json: JSON { height == width ? .integer(height) : .integers([height, width]) }
}
