import Storage
import Testing

/// What is told of a job beside how it ended: once, however often its phases are run again.
@Suite struct JobWarningTests {
    private let known = JobWarning(code: "few_training_pictures", detail: "There are 3.")
    private let found = JobWarning(code: "finetuning_worse", detail: "It grew.")

    private func queued(_ store: Store) throws -> String {
        let id = try store.database.jobs.enqueue(.init(request: "{}", checkpoint: store.database.checkpoint(), warnings: [known])).id
        _ = try store.database.jobs.claim(worker: "w")
        return id
    }

    @Test func whatWasKnownComesBeforeWhatPhasesFound() throws {
        let store = try Store()
        let jobs = store.database.jobs
        let id = try queued(store)
        #expect(try jobs.get(id).warnings == [known])
        try jobs.setWarnings([found], of: id, from: .finetuning)
        #expect(try jobs.get(id).warnings == [known, found])
        try jobs.complete(id)
        #expect(try jobs.list(limit: 1).items.map(\.warnings) == [[known, found]])
        expect(.wrongState(job: id, doing: "write warnings of", expected: [.running], found: .succeeded)) {
            try jobs.setWarnings([], of: id, from: .finetuning)
        }
        try jobs.delete(id)
        let troubles = try store.database.examine().troubles
        #expect(troubles == [])
    }

    @Test func aPhaseThatIsRunAgainTakesBackWhatItSaid() throws {
        let store = try Store()
        let jobs = store.database.jobs
        let id = try queued(store)
        try jobs.setWarnings([found, found], of: id, from: .finetuning)
        try jobs.setWarnings([known], of: id, from: .pruning)
        try jobs.setWarnings([found], of: id, from: .finetuning)
        #expect(try jobs.get(id).warnings == [known, known, found])
        try jobs.setWarnings([], of: id, from: .finetuning)
        #expect(try jobs.get(id).warnings == [known, known])
    }

    @Test func theyOutliveTheProcessAsMuchAsWhatTheyAreOfDoes() throws {
        for hasResult in [false, true] {
            var id = ""
            try Store.restarting { database, _ in
                id = try database.jobs.enqueue(.init(request: "{}", checkpoint: database.checkpoint(), warnings: [known])).id
                _ = try database.jobs.claim(worker: "w")
                try database.jobs.setWarnings([found], of: id, from: .pruning)
                if hasResult { _ = try database.result("pruned", .pruned, of: id) }
            } after: { database, _ in
                try database.jobs.recover()
                // Without a result all phases begin again.
                #expect(try database.jobs.get(id).warnings == (hasResult ? [known, found] : [known]))
            }
        }
    }

    @Test func aJobOfAVersionBeforeHasNone() throws {
        var id = ""
        try Store.restarting { database, _ in
            id = try database.job(in: .succeeded)
            try database.execute("DROP TABLE job_warnings; DELETE FROM grdb_migrations WHERE identifier = 'warnings of jobs'")
        } after: { database, _ in
            #expect(try database.jobs.get(id).warnings == [])
            let troubles = try database.examine().troubles
            #expect(troubles == [])
        }
    }
}
