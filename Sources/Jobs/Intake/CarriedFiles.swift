import Documents
import Engine
import Media

/// Which of an upload's files beside the network's own go on into the stored checkpoint, and so into every result: those of the pipeline's
/// components, and its licence. Nobody's hidden files, scripts, training state or second network does.
struct CarriedFiles {
    /// In their order.
    private(set) var paths: [String] = []
    /// What there is to tell of the others, and of pickles that go on.
    private(set) var notes: [Warning] = []

    /// What a result was made of; it is none of the upload of one.
    static let manifest = "manifest.json"

    /// Folders that diffusers' pipelines have, where no index names them.
    private static let components: Set = [
        "vae", "vqvae", "movq", "text_encoder", "text_encoder_2", "text_encoder_3", "tokenizer", "tokenizer_2", "tokenizer_3", "bert",
        "feature_extractor", "safety_checker", "image_encoder", "image_processor", ClassEmbedder.folder,
    ]
    /// What components' files end with.
    private static let endings: Set = [
        "json", "txt", "model", "spm", "vocab", "safetensors", "bin", "pt", "pth", "ckpt", "msgpack", "onnx",
    ]
    private static let pickles: Set = ["bin", "pt", "pth", "ckpt"]
    private static let scripts: Set = [
        "py", "pyc", "pyd", "ipynb", "sh", "bash", "bat", "cmd", "ps1", "exe", "dll", "so", "dylib", "jar", "js", "pl", "rb",
    ]
    /// What a published folder has for its readers; it is left out without a word.
    private static let documents: Set = ["md", "rst", "pdf", "png", "jpg", "jpeg", "gif", "webp", "gitattributes", "gitignore"]
    /// Written by the service itself, again where it is needed.
    private static let own: Set = Set(
        [manifest, FreeWidthsLoader.path, GeneratorProgram.path] + ClassConditionalPipeline.files.map(\.path))

    /// - Parameters:
    ///   - all: every file of the upload.
    ///   - layout: which of them are read.
    ///   - index: the pipeline's, where one was sent.
    ///   - className: the class that a configuration names.
    init(_ all: [String], _ layout: DiffusersLayout, index: JSON?, className: (String) -> String?) {
        let others = Set(layout.others)
        let read = Set([layout.config, layout.weights, layout.scheduler, layout.index].compactMap { $0 })
        let named = Set(Self.components.union(Self.named(by: index)))
        var (hidden, scripts, rest, pickles) = (CountedPaths(), CountedPaths(), CountedPaths(), CountedPaths())
        // A folder's configuration is read once, whatever lies beside it.
        var networks: [String: String?] = [:]
        func network(_ folder: String) -> String? {
            if let known = networks[folder] { return known }
            let found = Self.network(folder, index, className)
            networks[folder] = .some(found)
            return found
        }
        for path in all.sorted() where !read.contains(path) && !Self.own.contains(path) {
            let folder = String(path.prefix { $0 != "/" })
            let ending = Self.ending(of: path)
            let isHidden = HiddenFile.kind(path) != nil
            if Self.isLicence(path) {
                paths.append(path)
            } else if others.contains(path), !isHidden, named.contains(folder), Self.endings.contains(ending), network(folder) == nil {
                paths.append(path)
                if Self.pickles.contains(ending) { pickles.add(path) }
            } else if Self.documents.contains(ending) || Self.isReadme(path) {
                continue
            } else if isHidden {
                hidden.add(path)
            } else if Self.scripts.contains(ending) {
                scripts.add(path)
            } else if !others.contains(path) {
                // Of the network's folder other weights are told by whoever chose among them.
                if !Self.isTold(path, layout) { rest.add(path) }
            } else if network(folder) == nil {
                rest.add(path)
            }
        }
        notes = networks.compactMapValues { $0 }.sorted { $0.key < $1.key }.map { folder, network in
            let average = folder.lowercased().contains("ema") ? ", an average by its name" : ""
            return Warning(
                .networkLeftOut,
                "\(folder)/ holds another \(network)\(average), which is neither read nor handed on: pack it as unet/ to prune that one")
        }
        func tell(_ files: CountedPaths, _ code: WarningCode, _ word: String, _ text: String) {
            if files.count > 0 { notes.append(Warning(code, "\(files.counted(word)) \(text): \(files.examples)")) }
        }
        tell(hidden, .hiddenFilesLeftOut, "hidden file", "left out")
        tell(scripts, .scriptsLeftOut, "script", "left out, as whoever loads a pipeline may run what is in it")
        let belong = rest.count == 1 ? "belongs" : "belong"
        tell(rest, .filesLeftOut, "file", "left out that \(belong) to no part of a pipeline that is read or handed on")
        tell(pickles, .picklesCarried, "pickle", "handed on unread (loading one can run code; a safetensors file beside it comes first)")
    }

    /// The components that an index names.
    private static func named(by index: JSON?) -> [String] {
        guard case .object(let members)? = index else { return [] }
        return members.compactMap { member in
            guard case .array(let parts) = member.value, parts.contains(where: { $0 != .null }) else { return nil }
            return member.name
        }
    }

    /// The class of a network in a folder, unless the pipeline's index says that it is one of its parts.
    private static func network(_ folder: String, _ index: JSON?, _ className: (String) -> String?) -> String? {
        guard !named(by: index).contains(folder), let name = className("\(folder)/config.json") else { return nil }
        return Architectures.known.contains { $0.className == name && $0.hasSchedule } ? name : nil
    }

    private static func isTold(_ path: String, _ layout: DiffusersLayout) -> Bool {
        let folder = layout.config.dropLast(layout.config.lastPathPart.count)
        guard path.hasPrefix(folder), !path.dropFirst(folder.count).contains("/") else {
            return ["config.json", "scheduler_config.json"].contains(path)
        }
        return path.hasSuffix(".safetensors") || path.hasSuffix(".index.json") || pickles.contains(ending(of: path))
            || path == "scheduler_config.json"
    }

    private static func ending(of path: String) -> String {
        let name = path.lastPathPart
        guard let dot = name.lastIndex(of: ".") else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    private static let licences = ["license", "licence", "notice", "copying"]

    /// Whether it is the whole pipeline's licence, which what is made of it has to come with: a text in its top folder.
    static func isLicence(_ path: String) -> Bool {
        !path.contains("/") && ["", "txt", "md", "rst"].contains(ending(of: path))
            && licences.contains(where: path.lowercased().hasPrefix)
    }

    private static func isReadme(_ path: String) -> Bool {
        let name = path.lastPathPart.lowercased()
        return (licences + ["readme"]).contains(where: name.hasPrefix)
    }
}
