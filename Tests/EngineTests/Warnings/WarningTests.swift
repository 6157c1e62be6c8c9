import Documents
import Engine
import Testing

/// What is told beside an answer has a code, whichever version stored it.
@Suite struct WarningTests {
    @Test func codesAreDistinctStableWords() {
        let codes = WarningCode.allCases.map(\.rawValue)
        #expect(Set(codes).count == codes.count)
        for code in codes { #expect(code.allSatisfy { $0 == "_" || ("a"..."z").contains($0) }, "\(code)") }
    }

    @Test func aSentenceOfAnEarlierVersionIsANote() {
        let stored: JSON = [
            "warnings": ["an old sentence", ["code": "assumed_schedule", "detail": "a new one"], 3, ["code": "half"]]
        ]
        let warnings = [Warning](of: stored)
        #expect(warnings == [Warning(.note, "an old sentence"), Warning(.assumedSchedule, "a new one")])
        #expect(warnings.json == [["code": "note", "detail": "an old sentence"], ["code": "assumed_schedule", "detail": "a new one"]])
        #expect([Warning](of: [:]).isEmpty)
    }

    @Test func aCodeOfALaterVersionIsKept() {
        let warning = Warning(["code": "not_known_yet", "detail": "later"])
        #expect(warning == Warning(code: "not_known_yet", detail: "later") && warning?.isAssumption == false)
        #expect(Warning(.assumedSchedule, "").isAssumption && !Warning(.unknownKey, "").isAssumption)
    }
}
