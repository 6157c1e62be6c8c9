import Media
import Storage

/// A stored checkpoint in the form in which it is asked for.
package struct CheckpointExport {
    private let checkpoint: StoredCheckpoint
    private let layout: CheckpointLayout
    private let type: JobRequest.WeightType?

    /// - Parameter type: of the weights' numbers; nil is that in which they are stored.
    package init(_ checkpoint: StoredCheckpoint, in layout: CheckpointLayout, as type: JobRequest.WeightType?) {
        (self.checkpoint, self.layout, self.type) = (checkpoint, layout, type)
    }

    /// Bytes of memory that ``items()`` takes at most, and for what; nil where the files go as they are stored.
    package var cost: (bytes: Int, purpose: String)? {
        switch (layout, type) {
        case (.diffusers, nil): nil
        case (.diffusers, let type?): (WeightsConversion(checkpoint, to: type).cost, "the weights")
        case (.onnx, _): (OnnxExport(checkpoint, as: type).cost, "the models")
        }
    }

    /// The folder's files.
    ///
    /// - Throws: ``CheckpointError`` where there is no such form; ``StorageError``.
    package func items() throws -> [ArchiveItem] {
        switch (layout, type) {
        case (.diffusers, nil): checkpoint.record.files.map { checkpoint.item($0) }
        case (.diffusers, let type?): try WeightsConversion(checkpoint, to: type).items()
        case (.onnx, _): try OnnxExport(checkpoint, as: type).items()
        }
    }
}
