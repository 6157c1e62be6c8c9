/// What layers share that add an input to their output, in the same walk over memory: a map like the output (the residual of a block),
/// or a vector for all pixels of an image (the time embedding of a resnet).
extension OperatorCall {
    /// The second input where it is a map.
    var addedMap: UnsafeMutablePointer<Float>? {
        shape.inputs.count > 1 && shape.inputs[1] == shape.output ? inputs[1] : nil
    }

    /// The second input where it is a vector.
    var addedVector: UnsafeMutablePointer<Float>? {
        shape.inputs.count > 1 && shape.inputs[1] != shape.output ? inputs[1] : nil
    }

    /// Writes what some channels of a pixel's output start from: the bias and the second input, where there are any.
    ///
    /// - Parameter pixel: counted through the batch.
    @inline(__always)
    func startOutput(pixel: Int, _ channels: Range<Int>, bias: UnsafePointer<Float>?) {
        let width = shape.output.channels
        let (first, count) = (channels.lowerBound, channels.count)
        let target = output + pixel * width + first
        let row = addedMap.map { $0 + pixel * width } ?? addedVector.map { $0 + pixel / shape.output.pixels * width }
        switch (row, bias) {
        case (let row?, let bias?): Elementwise.map(count, bias + first, row + first, into: target) { $0 + $1 }
        case (let only?, nil): target.update(from: only + first, count: count)
        case (nil, let only?): target.update(from: only + first, count: count)
        case (nil, nil): target.update(repeating: 0, count: count)
        }
    }

    /// The gradient of an input that is added to the output, times `scale`; does nothing where nothing upstream learns.
    func passGradient(toInput index: Int, scale: Float = 1) {
        guard let target = inputGradients[index] else { return }
        if shape.inputs[index] == shape.output {
            passGradient(toMap: target, accumulating: accumulates[index], scale: scale)
        } else {
            passGradient(toVector: target, accumulating: accumulates[index], scale: scale)
        }
    }

    private func passGradient(toMap target: UnsafeMutablePointer<Float>, accumulating: Bool, scale: Float) {
        parallel.ranges(batch * shape.output.count, grain: 4096) { range in
            let (dy, dx) = (outputGradient + range.lowerBound, target + range.lowerBound)
            if accumulating {
                Elementwise.map(range.count, dy, dx, into: dx) { $1 + $0 * scale }
            } else {
                Elementwise.map(range.count, dy, into: dx) { $0 * scale }
            }
        }
    }

    /// The vector's gradient is the sum over all pixels.
    private func passGradient(toVector target: UnsafeMutablePointer<Float>, accumulating: Bool, scale: Float) {
        let (channels, pixels) = (shape.output.channels, shape.output.pixels)
        parallel.ranges(batch) { range in
            for image in range {
                let dx = target + image * channels
                let dy = outputGradient + image * pixels * channels
                if !accumulating { dx.update(repeating: 0, count: channels) }
                for pixel in 0..<pixels {
                    Elementwise.map(channels, dy + pixel * channels, dx, into: dx) { $1 + $0 * scale }
                }
            }
        }
    }
}

extension Shape {
    /// Whether this can be added to `sum`: as a map like it, or as a vector of its channels.
    func fits(into sum: Shape) -> Bool { self == sum || self == .vector(sum.channels) }

    /// Refuses whatever cannot be added to this output: one map like it or one vector of its channels is wanted where `isAdding`.
    func checkAdded(_ added: ArraySlice<Shape>, isAdding: Bool) throws(GraphError) {
        guard added.count == (isAdding ? 1 : 0) else {
            throw .shape(node: "", expected: isAdding ? "two inputs" : "one input", found: "\(added.count + 1)")
        }
        guard added.allSatisfy({ $0.fits(into: self) }) else {
            throw .shape(node: "", expected: "\(self) or a vector of its channels", found: "\(Array(added))")
        }
    }
}
