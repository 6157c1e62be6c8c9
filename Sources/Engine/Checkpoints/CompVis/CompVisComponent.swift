import Foundation

/// One part of a pipeline that a file of CompVis's code base holds, under diffusers' names.
public struct CompVisComponent: Sendable {
    /// Its folder in the pipeline.
    public let folder: String
    /// Its `config.json`.
    public let config: Data
    /// What its weights' file is called there.
    public let weightsName: String
    /// Its tensors.
    public let weights: MappedWeights

    init(folder: String, config: Data, weights: MappedWeights, weightsName: String = "diffusion_pytorch_model.safetensors") {
        self.folder = folder
        self.config = config
        self.weights = weights
        self.weightsName = weightsName
    }

    /// Writes the weights as one safetensors file, in the number formats that they came in, piece by piece.
    ///
    /// - Parameter sink: takes the file's bytes in order; what it throws ends the writing.
    /// - Returns: what looks wrong.
    /// - Throws: ``CheckpointError``.
    public func write(to sink: (UnsafeRawBufferPointer) throws -> Void) throws -> [Warning] {
        var notFinite: [String] = []
        let tensors = weights.tensors
        do {
            let formats = NumberFormats(of: tensors)
            let entries = tensors.map { SafeTensorsWriter.Entry(name: $0.name, shape: $0.shape, type: formats[$0.name]) }
            let writer = try SafeTensorsWriter(entries, type: formats.common)
            try withoutActuallyEscaping(sink) { sink in
                try writer.write(to: sink) { index, put in
                    var isFinite = true
                    try weights.stream(tensors[index].name) { numbers in
                        isFinite = isFinite && numbers.allSatisfy(\.isFinite)
                        try put(numbers)
                    }
                    if !isFinite { notFinite.append(weights.fileName(of: tensors[index].name) ?? tensors[index].name) }
                }
            }
        } catch let error as SafeTensorsError {
            throw CheckpointError.weights(error)
        }
        return .notFinite(notFinite)
    }
}
