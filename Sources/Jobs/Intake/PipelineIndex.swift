import Documents
import Engine
import Foundation

/// A pipeline's `model_index.json`, as it was sent, and as one is written where none will do.
struct PipelineIndex {
    /// What was sent; nil where nothing was, or it is no JSON object.
    let document: JSON?
    /// What there is to tell of it.
    let note: Warning?

    /// - Parameter data: the file that was sent.
    init(_ data: Data?) {
        guard let data else {
            (document, note) = (nil, nil)
            return
        }
        do throws(JSONError) {
            let document = try JSON(parsing: data, maximumValues: 10_000)
            let isObject = if case .object = document { true } else { false }
            (self.document, note) = isObject ? (document, nil) : (nil, Self.replaced("it is no JSON object"))
        } catch {
            (document, note) = (nil, Self.replaced("not JSON: \(error.explained(in: data))"))
        }
    }

    private static func replaced(_ trouble: String) -> Warning {
        Warning(
            .indexReplaced,
            "\(DiffusersLayout.Path.index) is not read (\(trouble)): one is written for the network and its schedule alone")
    }

    /// Whether it is one of a pipeline with a network and a schedule, and so goes on as it is.
    var isWhole: Bool { document?["unet"] != nil && document?["scheduler"] != nil }

    /// `DDPMPipeline` of what there is; it loads other networks too, though none of diffusers' pipelines draws by such a network alone.
    ///
    /// - Parameter scheduler: the noise schedule's configuration, where one was sent.
    static func written(of model: any Architecture, _ scheduler: Data?) -> JSON {
        let document = scheduler.flatMap { try? JSON(parsing: Array($0), maximumValues: 10_000) }
        var name = "DDPMScheduler"
        if case .string(let found) = document?["_class_name"] { name = found }
        return [
            "_class_name": name == "DDIMScheduler" ? "DDIMPipeline" : "DDPMPipeline", "_diffusers_version": "0.30.0",
            "scheduler": ["diffusers", .string(name)],
            "unet": ["diffusers", .string(model.className)],
        ]
    }
}
