/// mean((y - target)²) over all numbers of an output y, the sum and the slope of an ``Objective`` that compares an output with a target.
package struct MeanSquaredError {
    /// y.
    package let output: Executor.Binding
    /// What y is compared with: (batch, height, width, channels).
    package let target: Buffer

    /// Room for the targets of as many samples as the executor takes at once.
    package init(_ output: Executor.Binding, batch: Int) {
        self.output = output
        target = Buffer(count: batch * output.shape.count)
    }

    /// Numbers of one sample.
    package var terms: Int { output.shape.count }

    /// The sum of the squared errors of the first `count` samples.
    package func sum(of count: Int) -> Double {
        let (y, target, terms) = (output.values, target.pointer, terms)
        var total = 0.0
        for image in 0..<count {
            var sum: Float = 0
            for i in (image * terms)..<((image + 1) * terms) {
                let difference = y[i] - target[i]
                sum += difference * difference
                // Summed in short runs so that rounding stays far below float32's.
                if i % 256 == 255 {
                    total += Double(sum)
                    sum = 0
                }
            }
            total += Double(sum)
        }
        return total
    }

    /// Writes dL/dy = 2 (y - target) / (samples · terms) of the first `count` samples.
    package func gradient(of count: Int, among samples: Int) {
        guard let gradient = output.gradient else { return }
        let scale = 2 / Float(samples * terms)
        Elementwise.map(count * terms, output.values, target.pointer, into: gradient) { ($0 - $1) * scale }
    }
}
