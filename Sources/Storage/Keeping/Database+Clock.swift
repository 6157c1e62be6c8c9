import GRDB

extension Database {
    /// Looks at the system's clock, and writes the store's own time down. Call it every few minutes.
    ///
    /// Where the system's clock was ahead and is right again, what was stamped meanwhile is taken for new.
    package func lookAtClock(now: Timestamp = .now(), uptime: Int64? = nil) throws(StorageError) {
        let state = uptime.map { clock.look(now, uptime: $0) } ?? clock.look(now)
        let late = max(now, clock.time(now)).milliseconds
        try write("note the time") { rows in
            try note(state, in: rows)
            try rows.execute(
                sql: "UPDATE uploads SET expires_at = ? WHERE expires_at > ?",
                arguments: [late + UploadStore.lifetime, late + UploadStore.lifetime + 86_400_000])
            try rows.execute(
                sql: "UPDATE kept_answers SET created_at = ? WHERE created_at > ?", arguments: [late, late + 86_400_000])
        }
    }

    /// Believes the system's clock although it leapt.
    public func acceptClock(now: Timestamp = .now()) throws(StorageError) {
        let state = clock.accept(now)
        try write("note the time") { try note(state, in: $0) }
    }

    private func note(_ state: StoreClock.State, in rows: GRDB.Database) throws {
        try rows.execute(
            sql: "UPDATE store SET clock = ?, doubted_at = ?, doubted_for = ?", arguments: [state.time, state.doubted, state.doubtedFor])
    }

    static func clock(_ rows: GRDB.Database) throws -> StoreClock.State {
        let row = try Row.fetchOne(rows, sql: "SELECT clock, doubted_at, doubted_for FROM store")!
        return StoreClock.State(time: row[0], doubted: row[1], doubtedFor: row[2])
    }
}
