import Engine
import Foundation
import Testing

@Suite struct TokenizerRefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        /// nil takes the file away.
        let content: String?
        let expected: String

        var testDescription: String { "\(file): \(content?.prefix(60) ?? "none")" }
    }

    static let cases: [Case] = [
        Case(file: "vocab.json", content: nil, expected: "vocab.json or tokenizer.json is missing"),
        Case(file: "merges.txt", content: nil, expected: "merges.txt is missing"),
        Case(file: "vocab.json", content: "[]", expected: "vocab.json: not a JSON object: expected an object, found []"),
        Case(file: "vocab.json", content: "{", expected: "vocab.json: not a JSON object: line 1, column 2: expected '\"'"),
        Case(
            file: "vocab.json", content: "{}",
            expected: "vocab.json: the document is {}, expected an object of 1 to 1000000 tokens with their ids"),
        Case(file: "vocab.json", content: #"{"a": 1.5}"#, expected: #"vocab.json: "a" is 1.5, expected a whole number from 0 to 999999"#),
        Case(
            file: "vocab.json", content: #"{"a": 1000000}"#,
            expected: #"vocab.json: "a" is 1000000, expected a whole number from 0 to 999999"#),
        Case(file: "vocab.json", content: #"{"a": -1}"#, expected: #"vocab.json: "a" is -1, expected a whole number from 0 to 999999"#),
        Case(
            file: "merges.txt", content: "#version: 0.2\nt h\nt h e\n",
            expected: #"merges.txt: line 3 is "t h e", expected two tokens with one space between"#),
        Case(file: "merges.txt", content: "t h\n\n", expected: #"merges.txt: line 2 is "", expected two tokens with one space between"#),
        Case(file: "merges.txt", content: "t  h", expected: #"merges.txt: line 1 is "t  h", expected two tokens with one space between"#),
        Case(
            file: "merges.txt", content: "th zzz",
            expected: #"merges.txt: line 1 is "th zzz", expected two tokens of vocab.json that make a third"#),
        Case(
            file: "tokenizer_config.json", content: #"{"tokenizer_class": "T5Tokenizer"}"#,
            expected: #"tokenizer_config.json: tokenizer_class is "T5Tokenizer", expected "CLIPTokenizer" or "CLIPTokenizerFast""#),
        Case(
            file: "tokenizer_config.json", content: #"{"padding_side": "left"}"#,
            expected: #"tokenizer_config.json: padding_side is "left", expected "right""#),
        Case(
            file: "tokenizer_config.json", content: #"{"model_max_length": 78}"#,
            expected: "tokenizer_config.json: model_max_length is 78, expected at most the text encoder's max_position_embeddings, 77"),
        Case(
            file: "tokenizer_config.json", content: #"{"model_max_length": 1}"#,
            expected: "tokenizer_config.json: model_max_length is 1, expected a whole number from 2"),
        Case(
            file: "tokenizer_config.json", content: #"{"pad_token": 7}"#,
            expected: "tokenizer_config.json: pad_token is 7, expected a token of 1 to 256 bytes"),
        Case(
            file: "tokenizer_config.json", content: #"{"pad_token": {"content": ""}}"#,
            expected: #"tokenizer_config.json: pad_token is {"content":""}, expected a token of 1 to 256 bytes"#),
        Case(
            file: "tokenizer_config.json", content: #"{"added_tokens_decoder": {"x": {"content": "a"}}}"#,
            expected: #"tokenizer_config.json: added_tokens_decoder is "x", expected an id from 0 to 999999"#),
        Case(
            file: "tokenizer_config.json", content: #"{"added_tokens_decoder": {"5": {"content": "a", "single_word": true}}}"#,
            expected: "tokenizer_config.json: added_tokens_decoder.5.single_word is true, expected false (not supported)"),
        Case(
            file: "added_tokens.json", content: #"{"<new>": "7"}"#,
            expected: #"added_tokens.json: "<new>" is "7", expected an id from 0 to 999999"#),
        Case(
            file: "tokenizer.json", content: #"{"model": {"type": "Unigram"}}"#,
            expected: #"tokenizer.json: model.type is "Unigram", expected "BPE""#),
        Case(
            file: "tokenizer.json", content: #"{"model": {"vocab": {"a": 0}}}"#,
            expected: "tokenizer.json: model.merges is null, expected an array"),
        Case(
            file: "tokenizer.json", content: #"{"model": {"vocab": {"a": 0}, "merges": [["a", "b", "c"]]}}"#,
            expected: #"tokenizer.json: model.merges[0] is "a b c", expected two tokens with one space between"#),
        Case(
            file: "tokenizer.json", content: #"{"model": {"vocab": {"a": 0}, "merges": []}}"#,
            expected:
                "tokenizer.json: the vocabulary is without \u{100}, expected a token for every byte, or the unknown token <|endoftext|>"),
    ]

    @Test(arguments: cases)
    func theFileAndThePlaceAreNamed(example: Case) throws {
        var files = try TokenizerFixture.files("base")
        files[example.file] = example.content.map { Data($0.utf8) }
        #expect(throws: TokenizerError.self) { try CLIPTokenizer(files: files) }
        do throws(TokenizerError) { _ = try CLIPTokenizer(files: files) } catch { #expect("\(error)" == example.expected) }
    }

    @Test func aFileLargerThanAnyTokenizersIsNotParsed() throws {
        var files = try TokenizerFixture.files("base")
        files["tokenizer_config.json"] = Data(count: 1 << 20 + 1)
        let expected = TokenizerError.tooLarge(path: "tokenizer_config.json", bytes: 1 << 20 + 1, limit: 1 << 20)
        #expect(throws: expected) { try CLIPTokenizer(files: files) }
    }

    @Test func manyEmptyLinesAreRefusedAtTheFirst() throws {
        var files = try TokenizerFixture.files("base")
        files["merges.txt"] = Data(repeating: UInt8(ascii: "\n"), count: 30 << 20)
        do throws(TokenizerError) { _ = try CLIPTokenizer(files: files) } catch {
            #expect("\(error)" == #"merges.txt: line 1 is "", expected two tokens with one space between"#)
        }
    }
}
