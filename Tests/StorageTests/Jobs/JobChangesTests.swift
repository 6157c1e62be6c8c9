import Storage
import Testing

@Test func whoFollowsAJobSeesItsChangesAndNoOthers() async throws {
    let store = try Store()
    let jobs = store.database.jobs
    let followed = try store.database.job().id
    let other = try store.database.job().id
    let follower = jobs.changes.follow(followed)
    var changes = follower.changes.makeAsyncIterator()
    // What happens to another job would be seen first.
    try jobs.cancel(other)
    try jobs.pause(followed)
    _ = await changes.next()
    #expect(try jobs.get(followed).status == .paused)
    // Nothing is left: the next element is the one made here.
    try jobs.cancel(followed)
    _ = await changes.next()
    #expect(try jobs.get(followed).status == .cancelled)
    follower.leave()
}

@Test func manyChangesThatNobodyLooksAtAreOne() async throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job(in: .running)
    let follower = jobs.changes.follow(id)
    for step in 0..<50 { try jobs.progress(id, JobProgress(phase: .scoring, completed: step, total: 100)) }
    jobs.changes.close()
    var count = 0
    for await _ in follower.changes { count += 1 }
    #expect(count == 1)
    follower.leave()
}

@Test func aChangeThatIsTakenBackIsNone() async throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job(in: .succeeded)
    let follower = jobs.changes.follow(id)
    #expect(throws: StorageError.self) { try jobs.cancel(id) }
    jobs.changes.close()
    for await _ in follower.changes { Issue.record("a change") }
    follower.leave()
}

@Test func followersAreForgottenWhenTheyGo() throws {
    let store = try Store()
    let changes = store.database.jobs.changes
    var followers = (0..<3).map { _ in changes.follow("job_1") } + [changes.follow("job_2")]
    #expect(changes.followerCount == 4)
    followers.removeLast(2)
    #expect(changes.followerCount == 2)
    followers = []
    #expect(changes.followerCount == 0)
}

@Test func whoComesAfterTheEndFollowsNothing() async throws {
    let store = try Store()
    let changes = store.database.jobs.changes
    changes.close()
    let follower = changes.follow("job_1")
    for await _ in follower.changes { Issue.record("a change") }
    follower.leave()
}

@Test func theNewPointsOfASeriesAreThoseBehindTheLast() throws {
    let store = try Store()
    let jobs = store.database.jobs
    let id = try store.database.job(in: .running)
    #expect(try jobs.seriesEnd("s", of: id) == nil)
    try jobs.append((1...5).map { (x: $0 * 10, point: "\($0)") }, toSeries: "s", of: id)
    #expect(try jobs.seriesEnd("s", of: id) == 50)
    #expect(try jobs.series("s", of: id, after: 20, limit: 2).map(\.x) == [30, 40])
    #expect(try jobs.series("s", of: id, after: -1, limit: 10).map(\.point) == ["1", "2", "3", "4", "5"])
    #expect(try jobs.series("s", of: id, after: 50, limit: 10).isEmpty)
}
