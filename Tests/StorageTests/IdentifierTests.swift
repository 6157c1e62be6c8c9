import Storage
import Testing

@Test func identifiersSortByTheOrderTheyWereMadeIn() {
    let made = (0..<10_000).map { _ in Identifier.make(.job) }
    #expect(made == made.sorted())
    #expect(Set(made).count == made.count)
    #expect(made.allSatisfy { $0.hasPrefix("job_") && $0.utf8.count == 30 })
}

@Test func identifiersMadeByManyTasksAreAllDifferent() async {
    let made = await withTaskGroup(of: [String].self) { group in
        for _ in 0..<8 { group.addTask { (0..<1000).map { _ in Identifier.make(.checkpoint) } } }
        return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(Set(made).count == 8000)
}

@Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (1_714_564_800_250, "2024-05-01T12:00:00.250Z"), (951_782_400_007, "2000-02-29T00:00:00.007Z"),
    (-1, "1969-12-31T23:59:59.999Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
])
func timestampsAreWrittenAsRFC3339(milliseconds: Int64, text: String) {
    #expect(Timestamp(milliseconds: milliseconds).text == text)
}
