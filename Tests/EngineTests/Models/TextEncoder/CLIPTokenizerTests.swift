import Engine
import Foundation
import Testing

@Suite struct CLIPTokenizerTests {
    @Test(arguments: TokenizerFixture.names)
    func idsAreThoseOfTransformers(name: String) throws {
        let tokenizer = try TokenizerFixture.tokenizer(name)
        let expected = try TokenizerFixture.expected(name)
        let captions = try TokenizerFixture.captions()
        #expect(tokenizer.paddingID == expected.pad)
        #expect(captions.count == expected.ids.count && captions.count > 80)
        for (caption, ids) in zip(captions, expected.ids) {
            let padded = ids + [Int](repeating: expected.pad, count: 77 - ids.count)
            #expect(tokenizer.ids(of: caption) == padded, "\(caption.debugDescription.prefix(80))")
        }
    }

    @Test func everyIDIsBelowTheLargest() throws {
        for name in TokenizerFixture.names {
            let tokenizer = try TokenizerFixture.tokenizer(name)
            let largest = try TokenizerFixture.expected(name).ids.joined().max() ?? 0
            #expect(largest <= tokenizer.largestID && tokenizer.largestID < 900)
        }
    }

    @Test func theEmptyCaptionIsStartEndAndPadding() throws {
        let tokenizer = try TokenizerFixture.tokenizer("sd2")
        #expect(tokenizer.ids(of: "") == [tokenizer.startID, tokenizer.endID] + [Int](repeating: 0, count: 75))
    }

    @Test func aShorterLengthCutsEarlier() throws {
        var files = try TokenizerFixture.files("base")
        files["tokenizer_config.json"] = Data(#"{"model_max_length": 4}"#.utf8)
        let tokenizer = try CLIPTokenizer(files: files)
        let whole = try TokenizerFixture.tokenizer("base").ids(of: "a photo of a cat")
        #expect(tokenizer.ids(of: "a photo of a cat") == Array(whole[..<3]) + [tokenizer.endID])
        files["tokenizer_config.json"] = Data(#"{"model_max_length": 2}"#.utf8)
        #expect(try CLIPTokenizer(files: files).ids(of: "a photo") == [tokenizer.startID, tokenizer.endID])
        // Where nobody has set it, the text encoder decides.
        files["tokenizer_config.json"] = Data(#"{"model_max_length": 1000000000000000019884624838656}"#.utf8)
        #expect(try CLIPTokenizer(files: files, positions: 16).length == 16)
    }

    /// As transformers does it, where the files contradict each other.
    @Test func tokenizerJSONStandsAboveTheFilesThatItHolds() throws {
        var files = try TokenizerFixture.files("saved")
        files["vocab.json"] = Data("{}".utf8)
        files["merges.txt"] = Data()
        #expect(try CLIPTokenizer(files: files).ids(of: "the cat") == TokenizerFixture.tokenizer("saved").ids(of: "the cat"))
    }

    @Test func mergesMayBeTextsAndLinesMayEndAsOnWindows() throws {
        let captions = try TokenizerFixture.captions()
        let expected = try TokenizerFixture.tokenizer("base")
        var files = try TokenizerFixture.files("base")
        let vocabulary = try JSONSerialization.jsonObject(with: files["vocab.json"] ?? Data())
        let lines = String(decoding: files["merges.txt"] ?? Data(), as: UTF8.self).split(separator: "\n")
        let whole: [String: Any] = ["model": ["type": "BPE", "vocab": vocabulary, "merges": lines.dropFirst().map(String.init)]]
        let texts = try CLIPTokenizer(files: ["tokenizer.json": JSONSerialization.data(withJSONObject: whole)])
        files["merges.txt"] = Data(lines.joined(separator: "\r\n").utf8)
        let windows = try CLIPTokenizer(files: files)
        for caption in captions {
            #expect(texts.ids(of: caption) == expected.ids(of: caption))
            #expect(windows.ids(of: caption) == expected.ids(of: caption))
        }
    }

    /// A word of 64 KiB, in which every pair is a merge, and a caption of as many of what is looked for first.
    @Test func hostileCaptionsTakeLittleTime() throws {
        let tokenizer = try TokenizerFixture.tokenizer("added")
        let captions = ["photo", "<|endoftext|", "!", "\u{300}\u{316}", "\u{F73}", "ü", "<cat-toy", " \u{a0}", "'", "on"].map {
            String(repeating: $0, count: (64 << 10) / $0.utf8.count)
        }
        let elapsed = ContinuousClock().measure {
            for caption in captions { #expect(tokenizer.ids(of: caption).count == 77) }
        }
        #expect(elapsed < .seconds(10), "\(elapsed)")
    }
}
