extension Weights {
    /// The Euclidean norm of all values together.
    func norm(_ parallel: Parallel) -> Double {
        let parts = parallel.threads
        let count = buffer.count
        let sums = UnsafeMutableBufferPointer<Double>.allocate(capacity: parts)
        defer { sums.deallocate() }
        parallel.forEach(parts) { part in
            var sum = 0.0
            var start = count * part / parts
            let end = count * (part + 1) / parts
            while start < end {
                // Short runs in float, their sums in double: as exact as a double sum at a vector's speed.
                let stop = min(start + 512, end)
                var run = Vector.zero
                var i = start
                while i + Elementwise.width <= stop {
                    let g = (buffer.pointer + i).load()
                    run += g * g
                    i += Elementwise.width
                }
                sum += Double(run.sum())
                while i < stop {
                    sum += Double(buffer.pointer[i]) * Double(buffer.pointer[i])
                    i += 1
                }
                start = stop
            }
            sums[part] = sum
        }
        return sums.reduce(0, +).squareRoot()
    }
}
