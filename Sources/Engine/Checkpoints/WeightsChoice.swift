/// Which file of a folder holds a network's weights, among safetensors and PyTorch files, shards with an index, and variants of each.
///
/// As diffusers' `from_pretrained`: the standard name before any variant, safetensors before PyTorch's. Where only variants are there one is
/// taken and a note says which: one that is not `non_ema` before one that is, then full precision before half (`fp16`, `bf16`), then by name.
package struct WeightsChoice {
    /// Whose names are the standard ones.
    package enum Library: Sendable {
        /// `diffusion_pytorch_model.safetensors`, `diffusion_pytorch_model.bin`.
        case diffusers
        /// `model.safetensors`, `pytorch_model.bin`.
        case transformers

        /// What stands before a format's name.
        func stem(_ format: String) -> String {
            switch self {
            case .diffusers: "diffusion_pytorch_model."
            case .transformers: format == "bin" ? "pytorch_model." : "model."
            }
        }
    }

    /// The weights' file, or the index of its shards; nil when there is nothing that could be weights.
    package let path: String?
    /// What was chosen.
    let notes: [Warning]

    private static let formats = ["safetensors", "bin"]
    private static let pickles = [".bin", ".pt", ".pth", ".ckpt"]

    /// - Parameters:
    ///   - names: the files beside the configuration.
    ///   - folder: what stands before their names; ends with a slash or is empty.
    ///   - variant: the variant that must be taken; nil leaves the choice to the rule.
    ///   - library: whose names are the standard ones.
    /// - Throws: ``CheckpointError/ambiguous(_:found:)``, ``CheckpointError/missingFile(expected:)``,
    ///   ``CheckpointError/unknownVariant(_:found:)``.
    package init(
        names: [String], folder: String, variant: String? = nil, library: Library = .diffusers
    ) throws(CheckpointError) {
        let names = names.sorted()
        let variants = Self.variants(names, library)
        if let variant {
            guard let name = variants[variant] else {
                let found = variants.keys.sorted().map { "\"\($0)\"" }
                throw .unknownVariant(variant, found: found + (Self.standard(names, library).map { ["\($0) without a variant"] } ?? []))
            }
            path = folder + name
            notes = []
        } else if let standard = Self.standard(names, library) {
            path = folder + standard
            notes = Self.note(folder + standard, Self.besides(standard, names))
        } else if let first = variants.keys.min(by: { Self.rank($0) < Self.rank($1) }), let name = variants[first] {
            path = folder + name
            let known = Set(variants.values)
            let others = variants.keys.filter { $0 != first }.sorted() + Self.besides(name, names).filter { !known.contains($0) }
            let beside = others.isEmpty ? "" : "; also there: \(others.joined(separator: ", "))"
            notes = [Warning(.variantTaken, "the weights are the variant \"\(first)\" (\(name))\(beside)")]
        } else {
            path = try Self.other(names, folder)
            notes = Self.note(path, Self.besides(path.map { String($0.dropFirst(folder.count)) }, names))
        }
    }

    /// The weights under the name that needs no asking for.
    private static func standard(_ names: [String], _ library: Library) -> String? {
        formats.lazy.flatMap { [library.stem($0) + $0, library.stem($0) + $0 + ".index.json"] }.first(where: names.contains)
    }

    /// The file of each variant: `STEM.VARIANT.FORMAT`, or the index of shards by today's name and the two that it had before.
    private static func variants(_ names: [String], _ library: Library) -> [String: String] {
        var found: [String: String] = [:]
        for format in formats {
            let stem = library.stem(format)
            let patterns = [
                ("", ".\(format)"), ("", ".\(format).index.json"), ("\(format).index.", ".json"), ("\(format).", ".index.json"),
            ]
            for (before, after) in patterns {
                for name in names where name.hasPrefix(stem + before) && name.hasSuffix(after) {
                    let variant = String(name.dropFirst((stem + before).count).dropLast(after.count))
                    guard !variant.isEmpty, name.count > stem.count + before.count + after.count, !isReserved(variant),
                        found[variant] == nil
                    else { continue }
                    found[variant] = name
                }
            }
        }
        return found
    }

    /// Words that belong to the names themselves, and shards (`fp16-00001-of-00002`).
    private static func isReserved(_ variant: String) -> Bool {
        let parts = variant.split(separator: ".")
        return parts.contains { formats.contains(String($0)) || $0 == "index" } || variant.contains("-of-")
    }

    private static func rank(_ variant: String) -> (Int, Int, String) {
        let words = variant.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" })
        return (words.contains("non_ema") ? 1 : 0, words.contains { ["fp16", "bf16"].contains($0) } ? 1 : 0, variant)
    }

    /// What training scripts save beside weights, by what the names begin with.
    private static let training = ["optimizer", "scheduler", "scaler", "training_args", "random_states", "rng_state", "global_step"]

    /// Files that may be weights by their names.
    private static func weights(_ names: [String]) -> [String] {
        names.filter { name in
            (name.hasSuffix(".safetensors") || pickles.contains(where: name.hasSuffix)) && !training.contains(where: name.hasPrefix)
        }
    }

    /// What else may be weights, beside the file that was chosen and shards.
    private static func besides(_ chosen: String?, _ names: [String]) -> [String] { weights(names).filter { $0 != chosen && !isShard($0) } }

    private static func note(_ path: String?, _ others: [String]) -> [Warning] {
        guard let path, !others.isEmpty else { return [] }
        return [Warning(.weightsTaken, "the weights are \(path); also there, and not read: \(others.joined(separator: ", "))")]
    }

    /// The only file that could be weights, whatever its name: safetensors, else an index, else a PyTorch file.
    private static func other(_ names: [String], _ folder: String) throws(CheckpointError) -> String? {
        let files = weights(names).filter { $0.hasSuffix(".safetensors") }.map { folder + $0 }
        let pickled = weights(names).filter { !$0.hasSuffix(".safetensors") }.map { folder + $0 }
        let indices = names.filter { $0.contains(".index.") && $0.hasSuffix(".json") }.map { folder + $0 }
        // Shards are no weights by themselves.
        let isSharded = (files + pickled).contains(where: isShard)
        if isSharded || (!indices.isEmpty && files.count != 1) {
            guard let index = indices.first else {
                throw .missingFile(expected: "the index of the shards (diffusion_pytorch_model.safetensors.index.json)")
            }
            guard indices.count == 1 else { throw .ambiguous("the index of the weights", found: indices) }
            return index
        }
        for candidates in [files, pickled] where !candidates.isEmpty {
            guard candidates.count == 1 else { throw .ambiguous("the weights", found: candidates) }
            return candidates[0]
        }
        return nil
    }

    /// Whether a name has `-00001-of-00002` in it.
    private static func isShard(_ name: String) -> Bool {
        let parts = name.split(whereSeparator: { $0 == "-" || $0 == "." })
        return zip(parts, zip(parts.dropFirst(), parts.dropFirst(2))).contains { first, rest in
            first.count == 5 && first.allSatisfy(\.isNumber) && rest.0 == "of" && rest.1.count == 5 && rest.1.allSatisfy(\.isNumber)
        }
    }
}
