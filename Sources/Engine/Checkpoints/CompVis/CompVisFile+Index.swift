import Documents
import Foundation

extension CompVisFile {
    /// `model_index.json` of the pipeline that there is; nil where there is the U-Net alone.
    ///
    /// - Parameters:
    ///   - scheduler: the class of its noise schedule.
    ///   - hasTokenizer: whether there is one.
    public func index(scheduler: String, hasTokenizer: Bool) -> Data? {
        let folders = components.map(\.folder)
        guard let autoencoder = components.first(where: { ["vae", "vqvae"].contains($0.folder) }) else { return nil }
        var members: [JSON.Member] = [.init("scheduler", ["diffusers", .string(scheduler)])]
        for (folder, component) in [("unet", unet), (autoencoder.folder, autoencoder)] {
            members.append(.init(folder, ["diffusers", .string(Self.className(component.config))]))
        }
        let name: JSON
        if folders.contains("class_embedder") {
            // A pipeline of its own, beside the folders: diffusers has none that is told classes as tokens.
            name = ["pipeline", "ClassConditionalLDMPipeline"]
            members.append(.init("class_embedder", ["class_embedder", "ClassEmbedder"]))
        } else if autoencoder.folder == "vqvae" {
            name = "LDMPipeline"
        } else {
            name = "StableDiffusionPipeline"
            let none: JSON = [nil, nil]
            members += [
                .init("feature_extractor", none), .init("image_encoder", none), .init("requires_safety_checker", false),
                .init("safety_checker", none),
                .init("text_encoder", folders.contains("text_encoder") ? ["transformers", "CLIPTextModel"] : none),
                .init("tokenizer", hasTokenizer ? ["transformers", "CLIPTokenizer"] : none),
            ]
        }
        let head: JSON = ["_class_name": name, "_diffusers_version": "0.30.0"]
        return Data(head.adding(members.sorted { $0.name < $1.name }).pretty.utf8)
    }

    private static func className(_ config: Data) -> String {
        guard let document = try? JSON(parsing: Array(config)), case .string(let name)? = document["_class_name"] else { return "" }
        return name
    }
}
