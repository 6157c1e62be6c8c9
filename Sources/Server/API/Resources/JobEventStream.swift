import Dispatch
import Documents
import HTTP
import HTTPTypes
import Jobs
import Storage
import Synchronization

/// A job's events as they happen, as server-sent events (WHATWG HTML, section 9.2).
///
/// Events that are kept have an `id`, after which a client that comes back gets the rest. `progress` and `points` have none: they
/// tell how things stand, and the next ones say it better.
struct JobEventStream: Sendable {
    static let type = "text/event-stream"
    /// Streams at a time, of a service: there must be connections left for everything else.
    static let limit = 256

    /// A stream's place among ``limit``. It is free again when the stream has ended, or else when the answer that holds it is gone: one that
    /// was never begun too.
    final class Place: Sendable {
        private let places: Slots
        private let isTaken = Atomic(true)

        /// Nil when all are taken.
        init?(of places: Slots) {
            guard places.take() else { return nil }
            self.places = places
        }

        func giveBack() {
            if isTaken.exchange(false, ordering: .relaxed) { places.giveBack() }
        }

        deinit { giveBack() }
    }
    /// Seconds of silence after which a comment shows that the connection lives; and shows this side whether the client does.
    private static let heartbeat = 10.0
    /// Points in one event.
    private static let pointsAtOnce = 1000

    let jobs: JobQueue
    let id: String
    private let place: Place
    /// The client has the events up to this one.
    private(set) var lastEvent: Int64
    /// Whether the points that series gain are told too.
    let tellsPoints: Bool

    private var lastProgress: JSON?
    private var seriesEnds: [String: Int] = [:]

    init(_ jobs: JobQueue, id: String, place: Place, after lastEvent: Int64, tellsPoints: Bool) {
        self.jobs = jobs
        self.id = id
        self.place = place
        self.lastEvent = lastEvent
        self.tellsPoints = tellsPoints
    }

    /// The answer: the stream, or 204 when the job has ended and the client has seen it, so that no client comes back for ever.
    ///
    /// - Throws: ``StorageError/notFound(_:id:)``.
    func response() throws -> Response {
        // Asked first: what happens after this is still to be told.
        let hasEnded = try !jobs.get(id).status.isLive
        if hasEnded, try jobs.events(of: id, after: lastEvent, limit: 1).isEmpty {
            return Response(status: .noContent, fields: [.vary: "Accept"])
        }
        var fields: HTTPFields = [.contentType: Self.type, .cacheControl: "no-store", .vary: "Accept"]
        // nginx and those that follow it would wait for more.
        fields[.accelBuffering] = "no"
        return Response(
            status: .ok, fields: fields,
            body: .stream(length: nil) { writer in
                var stream = self
                try await stream.run(writer)
            })
    }

    private mutating func run(_ writer: ResponseWriter) async throws {
        // Before the first look: no change is missed.
        let follower = jobs.changes.follow(id)
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + Self.heartbeat, repeating: Self.heartbeat)
        timer.setEventHandler { [weak follower] in follower?.wake() }
        timer.resume()
        defer {
            timer.cancel()
            // Who is no longer counted has no place any more.
            place.giveBack()
            follower.leave()
        }
        try seekSeries()
        try await writer.write(Array("retry: 2000\n\n".utf8))
        var lastSent = DispatchTime.now()
        guard try await tell(writer) != .ended else { return }
        for await _ in follower.changes {
            switch try await tell(writer) {
            case .ended: return
            case .something: lastSent = .now()
            case .nothing:
                guard lastSent + Self.heartbeat / 2 < .now() else { continue }
                try await writer.write(Array(": the job goes on\n\n".utf8))
                lastSent = .now()
            }
        }
    }

    private enum Told { case nothing, something, ended }

    /// Sends what has not been sent.
    private mutating func tell(_ writer: ResponseWriter) async throws -> Told {
        let job: Job
        let events: [JobEvent]
        do {
            // The job first: once it has ended there are no more events than those found after that.
            job = try jobs.get(id)
            events = try jobs.events(of: id, after: lastEvent)
        } catch StorageError.notFound {
            return .ended
        }
        var text = ""
        for event in events {
            text += "id: \(event.id)\nevent: \(event.event)\ndata: \(try event.payload().compact)\n\n"
            lastEvent = event.id
        }
        if job.status.isLive {
            // With an event a client reads the metrics anew, and has the points that there are now.
            if events.isEmpty { text += try points() } else { try seekSeries() }
            if let progress = job.liveProgress, progress != lastProgress {
                text += "event: progress\ndata: \(progress.compact)\n\n"
                lastProgress = progress
            }
        }
        if !text.isEmpty { try await writer.write(Array(text.utf8)) }
        return job.status.isLive ? text.isEmpty ? .nothing : .something : .ended
    }

    private mutating func seekSeries() throws {
        guard tellsPoints else { return }
        for series in MetricsPayload.series { seriesEnds[series] = try jobs.seriesEnd(series, of: id) }
    }

    /// The event with the points that series gained. They are JSON as they are stored: with many readers, reading it again would be felt.
    private mutating func points() throws -> String {
        guard tellsPoints else { return "" }
        var members: [String] = []
        for series in MetricsPayload.series {
            let points = try jobs.series(series, of: id, after: seriesEnds[series] ?? -1, limit: Self.pointsAtOnce)
            guard let last = points.last else { continue }
            seriesEnds[series] = last.x
            members.append("\"\(series)\":[\(points.map(\.point).joined(separator: ","))]")
        }
        return members.isEmpty ? "" : "event: points\ndata: {\(members.joined(separator: ","))}\n\n"
    }
}
