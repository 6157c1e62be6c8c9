import Foundation

@testable import Documents
@testable import Engine
@testable import Jobs
@testable import Server

/// JSON: what is accepted is written so that it reads as the same again.
@Sendable func jsonIsWrittenAsItWasRead(_ bytes: [UInt8]) {
    guard let document = try? JSON(parsing: bytes, maximumValues: 20_000) else { return }
    require((try? JSON(parsing: Array(document.compact.utf8))) == document, "JSON is not what was written")
    require((try? JSON(parsing: Array(document.pretty.utf8))) == document, "pretty JSON is not what was written")
    _ = document.integer
    _ = document.double
}

/// The body of `POST /v1/jobs`: the request that is shown is one that reads as the same again.
@Sendable func jobIsReadAsItIsShown(_ bytes: [UInt8]) {
    guard let body = try? JSON(parsing: bytes, maximumValues: 20_000) else { return }
    let (request, errors) = JobRequest.read(body)
    require(errors.allSatisfy { $0.pointer.isEmpty || $0.pointer.hasPrefix("/") }, "an error points into the body")
    guard errors.isEmpty else { return }
    let shown = request.json
    let (again, more) = JobRequest.read(shown)
    require(more.isEmpty, "the request that is shown is refused: \(more)")
    require(again.json == shown, "the request that is shown is another: \(shown.compact) \(again.json.compact)")
}

/// `config.json` and `scheduler_config.json` of a stranger: refused, or made into a model.
@Sendable func configurationIsBuiltOrRefused(_ bytes: [UInt8]) {
    let data = Data(bytes)
    _ = try? NoiseSchedule(json: data)
    if let configuration = try? AutoencoderConfiguration(json: data), let model = try? AutoencoderModel(configuration) {
        require(model.decoder.parameterCount > 0, "an autoencoder has parameters")
    }
    for architecture in Architectures.known {
        guard let model = try? architecture.init(json: data, shapes: [:]) else { continue }
        require(model.graph.parameterCount > 0, "a model has parameters")
        require((try? architecture.init(json: model.config, shapes: [:])) != nil, "the config that a model gives is refused")
    }
}

/// The DDIM code's YAML.
@Sendable func yamlIsReadOrRefused(_ bytes: [UInt8]) {
    guard let document = try? YAMLDocument.parse(bytes) else { return }
    guard let converted = try? DDIMConfiguration(document) else { return }
    _ = try? UNet2DConfiguration(json: converted.unet)
    _ = try? NoiseSchedule(json: converted.scheduler)
}
