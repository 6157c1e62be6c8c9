/// What channels would be worth if a walk had ended after any of its points, and the points' losses: any threshold can be chosen from it when
/// the walk is through.
package final class ImportanceHistory {
    /// The points' losses so far.
    package internal(set) var losses: [Double] = []
    /// (points, channels of all groups), one row after each point.
    let buffer: Buffer
    private let widths: [Int]

    package init(points: Int, groups: [ChannelGroup]) {
        widths = groups.map(\.width)
        buffer = Buffer(count: points * widths.reduce(0, +))
    }

    /// Notes a point.
    ///
    /// - Parameter importance: of all points up to it, by group.
    package func add(_ loss: Double, _ importance: [[Double]]) {
        var place = losses.count * widths.reduce(0, +)
        for value in importance.joined() {
            buffer.pointer[place] = Float(value)
            place += 1
        }
        losses.append(loss)
    }

    /// The importance by group if the walk had ended after `count` points, at least one.
    package func importance(after count: Int) -> [[Double]] {
        var place = (count - 1) * widths.reduce(0, +)
        return widths.map { width in
            defer { place += width }
            return (place..<(place + width)).map { Double(buffer.pointer[$0]) }
        }
    }

    /// Of each point, how much of a group's importance it moved from some channels to others: half the sum of what their shares changed by,
    /// as a mean over groups. The first has nothing to move.
    package var moved: [Double] {
        func shares(_ count: Int) -> [[Double]] {
            importance(after: count).map { group in
                let total = group.reduce(0, +)
                return group.map { total > 0 ? $0 / total : 0 }
            }
        }
        var moved: [Double] = []
        var before: [[Double]] = []
        for count in losses.indices.map({ $0 + 1 }) {
            let after = shares(count)
            let changes = zip(before, after).map { zip($0, $1).reduce(0) { $0 + abs($1.0 - $1.1) } / 2 }
            moved.append(changes.reduce(0, +) / Double(max(1, changes.count)))
            before = after
        }
        return moved
    }
}
