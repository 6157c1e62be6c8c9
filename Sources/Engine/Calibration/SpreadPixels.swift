/// Some pixels of a batch of maps, evenly spread: all of small ones, else every so manyth.
struct SpreadPixels {
    /// At most so many: more tell hardly more.
    private static let most = 1 << 16

    /// How many.
    let count: Int
    private let distance: Int

    /// - Parameter all: pixels of the whole batch.
    init(_ all: Int) {
        distance = (all + Self.most - 1) / Self.most
        count = (all + distance - 1) / distance
    }

    /// The pixel of a number below ``count``, counted through the batch.
    func pixel(_ number: Int) -> Int { number * distance }
}
