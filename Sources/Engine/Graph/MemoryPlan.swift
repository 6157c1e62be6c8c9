/// Places buffers in one arena so that those whose lifetimes do not meet share memory.
package struct MemoryPlan {
    /// A buffer of `count` floats needed from step `first` to step `last`, both included.
    private struct Request {
        let count: Int
        var first: Int
        var last: Int
    }

    private var requests: [Request] = []

    package init() {}

    /// Asks for a buffer; returns its number.
    package mutating func request(_ count: Int, from first: Int, through last: Int) -> Int {
        requests.append(Request(count: (count + 15) / 16 * 16, first: first, last: last))
        return requests.count - 1
    }

    /// The offset of every buffer and the size of the arena: the largest first, each at the lowest place free for its lifetime.
    package func place() -> (offsets: [Int], total: Int) {
        var offsets = [Int](repeating: 0, count: requests.count)
        var placed: [Int] = []
        var total = 0
        for index in requests.indices.sorted(by: { (requests[$0].count, $1) > (requests[$1].count, $0) }) {
            let request = requests[index]
            let neighbours = placed.filter { requests[$0].first <= request.last && request.first <= requests[$0].last }
                .sorted { offsets[$0] < offsets[$1] }
            var offset = 0
            for neighbour in neighbours where offset + request.count > offsets[neighbour] {
                offset = max(offset, offsets[neighbour] + requests[neighbour].count)
            }
            offsets[index] = offset
            total = max(total, offset + request.count)
            placed.append(index)
        }
        return (offsets, total)
    }
}
