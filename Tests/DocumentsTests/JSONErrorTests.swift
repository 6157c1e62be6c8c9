import Documents
import Testing

/// What is told whoever wrote a document that is no JSON.
@Suite struct JSONErrorTests {
    private func told(_ text: some Collection<UInt8>) -> String {
        do throws(JSONError) {
            _ = try JSON(parsing: text)
            return "taken"
        } catch { return error.explained(in: text) }
    }

    private static let texts: [(String, String)] = [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("<<<<<<< HEAD\n{\"a\": 1}\n", "line 1 is a merge conflict marker, of a merge that was not finished: <<<<<<< HEAD"),
        ("{\"a\": 1,\n>>>>>>> main\n", "line 2 is a merge conflict marker, of a merge that was not finished: >>>>>>> main"),
        ("// x\n{}", "line 1, column 1: JSON has no comments: // x"),
        ("{\n  \"a\": 1, # x\n}", "line 2, column 11: JSON has no comments: # x"),
        ("{\"é\": NaN}", "line 1, column 7: NaN is no JSON, though Python writes it: put a number or null"),
        ("{\"a\":\n-Infinity}", "line 2, column 2: -Infinity is no JSON, though Python writes it: put a number or null"),
        ("{\"a\": None}", "line 1, column 7: None is Python's, JSON has null"),
        ("{\"a\": True}", "line 1, column 7: True is Python's, JSON has true"),
        ("{'a': 1}", "line 1, column 2: JSON has its texts in double quotes: 'a': 1}"),
        ("{\"a\": 1,}", "line 1, column 9: expected '\"', found \"}\""),
        ("{\"a\": 1", "line 1, column 8: expected '}'"),
        ("version https://git-lfs.github.com/spec/v1\n", "it is a Git LFS pointer, not the file itself: git lfs pull gets it"),
        ("<!DOCTYPE html><html>", "it is an HTML page, not the file itself: a download that failed often leaves one"),
    ]

    @Test(arguments: texts) func theLineAndWhatStandsThereAreTold(text: String, expected: String) {
        #expect(told(text.utf8) == expected)
    }

    @Test func otherEncodingsAreNamed() {
        #expect(told([0xEF, 0xBB, 0xBF] + Array("{}".utf8)).hasPrefix("it begins with a byte order mark"))
        let wide = "{\"a\": 1}".utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        #expect(told(wide).hasPrefix("it is UTF-16"))
        #expect(told([0xFF, 0xFE] + wide).hasPrefix("it is UTF-16"))
    }

    @Test func whatStandsThereIsShownShortAndPrintable() {
        let found = told("{\"a\": \u{1B}[31m\(String(repeating: "x", count: 1000))}".utf8)
        #expect(found.utf8.count < 120 && !found.contains("\u{1B}"), "\(found)")
    }
}
