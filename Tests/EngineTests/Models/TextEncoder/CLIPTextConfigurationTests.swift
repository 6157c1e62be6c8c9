import Engine
import Foundation
import Testing

@Suite struct CLIPTextConfigurationTests {
    @Test func aConfigIsReadAsTransformersWroteIt() throws {
        let configuration = try CLIPTextConfiguration(json: Golden.data("text/encoders/gelu/config.json"))
        #expect(configuration.vocabularySize == 60)
        #expect(configuration.width == 20)
        #expect(configuration.innerWidth == 33)
        #expect(configuration.layers == 2)
        #expect(configuration.heads == 2)
        #expect(configuration.positions == 77)
        #expect(configuration.activation == .gelu)
        #expect(configuration.epsilon == 1e-3)
    }

    @Test func ofAWholeModelTheTextHalfIsRead() throws {
        let configuration = try CLIPTextConfiguration(json: Golden.data("text/encoders/whole/config.json"))
        #expect(configuration.width == 12 && configuration.heads == 4 && configuration.vocabularySize == 40)
    }

    @Test func whatIsLeftOutIsAsInTransformersConstructor() throws {
        let configuration = try CLIPTextConfiguration(json: Data("{}".utf8))
        #expect(configuration.vocabularySize == 49408 && configuration.width == 512 && configuration.innerWidth == 2048)
        #expect(configuration.layers == 12 && configuration.heads == 8 && configuration.positions == 77)
        #expect(configuration.activation == .quickGELU)
        #expect(configuration.epsilon == 1e-5)
    }

    @Test(arguments: [
        (#"{"architectures": ["T5EncoderModel"]}"#, "architectures[0]"), (#"{"model_type": "t5"}"#, "model_type"),
        (#"{"vocab_size": 1000001}"#, "vocab_size"), (#"{"hidden_size": 0}"#, "hidden_size"), (#"{"hidden_size": 1e300}"#, "hidden_size"),
        (#"{"intermediate_size": 65537}"#, "intermediate_size"), (#"{"num_hidden_layers": 257}"#, "num_hidden_layers"),
        (#"{"num_attention_heads": 7}"#, "num_attention_heads"), (#"{"max_position_embeddings": 4097}"#, "max_position_embeddings"),
        (#"{"hidden_act": "silu"}"#, "hidden_act"), (#"{"layer_norm_eps": 0}"#, "layer_norm_eps"),
        (#"{"hidden_size": null}"#, "hidden_size"),
        (#"{"text_config": {"hidden_size": "x"}}"#, "hidden_size"),
    ])
    func theKeyIsNamed(json: String, key: String) {
        do throws(ConfigurationError) {
            _ = try CLIPTextConfiguration(json: Data(json.utf8))
            Issue.record("taken")
        } catch {
            guard case .invalid(key: key, _, _) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }
}
