extension DiffusionCheckpoint {
    /// The checkpoint as a file of other number formats gives it back: what is measured and trained on from here is what is stored.
    ///
    /// - Parameter formats: each float32, float16 or bfloat16.
    /// - Throws: ``CheckpointError/notRepresentable(tensor:type:)`` when a finite number would become infinite.
    public func stored(as formats: NumberFormats) throws(CheckpointError) -> DiffusionCheckpoint {
        guard trained.weights.parameters.contains(where: { formats[$0] != .float32 }) else {
            return DiffusionCheckpoint(trained: trained, schedule: schedule, formats: formats, warnings: warnings)
        }
        let weights = trained.weights.copy()
        for (index, parameter) in weights.parameters.enumerated() where formats[parameter] != .float32 {
            let type = formats[parameter]
            let values = UnsafeMutableBufferPointer(start: weights.pointer(index), count: parameter.count)
            let overflows = type.round(values)
            guard !overflows else { throw .notRepresentable(tensor: parameter.name, type: type.torchName) }
        }
        return DiffusionCheckpoint(
            trained: TrainedModel(model: trained.model, weights: weights), schedule: schedule, formats: formats, warnings: warnings)
    }
}

extension ScalarType {
    /// Rounds numbers to what this format can hold; true when a finite one became infinite.
    fileprivate func round(_ values: UnsafeMutableBufferPointer<Float>) -> Bool {
        let chunk = 4096
        return withUnsafeTemporaryAllocation(byteCount: chunk * size, alignment: 16) { bytes in
            var overflows = false
            for start in stride(from: 0, to: values.count, by: chunk) {
                let part = UnsafeMutableBufferPointer(rebasing: values[start..<min(start + chunk, values.count)])
                let finite = part.reduce(into: 0) { $0 += $1.isFinite ? 1 : 0 }
                encode(UnsafeBufferPointer(part), into: bytes)
                decode(UnsafeRawBufferPointer(bytes), into: part)
                overflows = overflows || part.reduce(into: 0) { $0 += $1.isFinite ? 1 : 0 } < finite
            }
            return overflows
        }
    }
}
