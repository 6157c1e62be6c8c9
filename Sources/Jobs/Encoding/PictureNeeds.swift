import Engine
import Synchronization

/// Which pictures a job looks at, found by letting its phases draw them in vain.
struct PictureNeeds {
    /// A picture as it is looked at.
    struct View: Hashable, Comparable {
        let index: Int
        let isMirrored: Bool

        static func < (a: View, b: View) -> Bool { (a.index, a.isMirrored ? 1 : 0) < (b.index, b.isMirrored ? 1 : 0) }
    }

    /// Those that are looked at, in order.
    let views: [View]
    /// The pictures whose conditions are asked for, in order.
    let told: [Int]

    /// - Parameters:
    ///   - count: how many pictures there are.
    ///   - shape: of one sample.
    ///   - isTold: whether the network is told anything of them, as more is drawn then.
    ///   - rehearse: draws all that phases draw.
    init(count: Int, shape: Shape, isTold: Bool, rehearse: (PictureSet) throws -> Void) rethrows {
        let seen = Mutex<(views: Set<View>, told: Set<Int>)>(([], []))
        let nothing = [Float](repeating: 0, count: shape.count)
        // An empty condition is drawn where there is one, in place of another: here none is, so that no picture's is missed.
        let conditions = Conditions(input: "encoder_hidden_states", count: 0, pictures: count, empty: nil) { index in
            _ = seen.withLock { $0.told.insert(index) }
            return []
        }
        try rehearse(
            PictureSet(latentsOf: count, shape: shape, conditions: isTold ? conditions : nil) { index, isMirrored in
                _ = seen.withLock { $0.views.insert(View(index: index, isMirrored: isMirrored)) }
                return nothing
            })
        (views, told) = seen.withLock { ($0.views.sorted(), $0.told.sorted()) }
    }
}
