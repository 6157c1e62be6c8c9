import Engine
import Foundation

/// The tokenizers of Tests/Fixtures/text, made by make_text_golden.py.
enum TokenizerFixture {
    /// What transformers makes of every caption.
    struct Expected: Decodable {
        let pad: Int
        let ids: [[Int]]
    }

    static let names = ["base", "sd1", "sd2", "added", "legacy", "few", "saved"]

    static func captions() throws -> [String] { try GoldenFile.decode("text/captions.json") }

    static func expected(_ name: String) throws -> Expected { try GoldenFile.decode("text/tokenizers/\(name)/ids.json") }

    /// A tokenizer's folder: its own files over those of `base`; `saved` stands alone.
    static func files(_ name: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for folder in name == "saved" ? ["saved"] : ["base", name] {
            for file in CLIPTokenizer.fileNames {
                let url = GoldenFile.url("text/tokenizers/\(folder)/\(file)")
                if FileManager.default.fileExists(atPath: url.path) { files[file] = try Data(contentsOf: url) }
            }
        }
        return files
    }

    static func tokenizer(_ name: String) throws -> CLIPTokenizer { try CLIPTokenizer(files: files(name)) }
}
