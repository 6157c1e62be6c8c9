extension OnnxGraph {
    /// A learned tensor by the checkpoint's name, in the checkpoint's order.
    package mutating func parameter(_ parameter: Parameter) -> String { self.parameter(parameter.name, parameter.shape) }
}
