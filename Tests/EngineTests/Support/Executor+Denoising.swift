import Engine

/// The inputs and the output of a network that predicts noise.
extension Executor {
    var sample: UnsafeMutablePointer<Float> { input("sample").values }
    var timesteps: UnsafeMutablePointer<Float> { input("timestep").values }
    var output: UnsafeMutablePointer<Float> { output("out_sample").values }
    var outputGradient: UnsafeMutablePointer<Float> { output("out_sample").gradient! }
    var sampleShape: Shape { input("sample").shape }
    var outputShape: Shape { output("out_sample").shape }
}
