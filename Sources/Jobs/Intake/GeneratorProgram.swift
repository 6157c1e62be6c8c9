/// The Python file that goes with a generator: it loads it in plain PyTorch.
enum GeneratorProgram {
    /// Where it stands in the downloaded folder.
    static let path = "generator.py"
    /// The file, as `Sources/Jobs/Resources` has it.
    static var bytes: [UInt8] { PackageResources.generator_py }
}
