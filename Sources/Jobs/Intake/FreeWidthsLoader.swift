/// The Python file that goes with a result of free widths: it rebuilds the model in stock diffusers from its tensors' shapes.
enum FreeWidthsLoader {
    /// Where it stands in the downloaded folder.
    static let path = "load_pruned.py"
    /// The file, as `Sources/Jobs/Resources` has it.
    static var bytes: [UInt8] { PackageResources.load_pruned_py }
}
