/// In which form a checkpoint is handed out.
package enum CheckpointLayout: String, CaseIterable, Sendable {
    /// As it is stored: a folder that diffusers loads.
    case diffusers
    /// Its networks as ONNX models, in a folder that optimum loads.
    case onnx
}
