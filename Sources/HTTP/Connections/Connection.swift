import Dispatch
import HTTPTypes
import Logging
import Synchronization

/// One client's connection: requests are read one after the other, each answered before the next is looked at (RFC 9112, section 9.3).
actor Connection {
    /// What a request's body still owes.
    enum BodyState {
        case length(Int64)
        case chunked(ChunkedDecoder)
        case finished
        /// Reading it failed: where the next request would begin is unknown.
        case broken
    }

    /// Bytes read from the socket at once.
    static let readSize = 64 * 1024
    /// The same for a body: a large one is handed on as it comes.
    static let bodyReadSize = 256 * 1024
    /// An unread rest of a body up to this size is skipped to keep the connection.
    static let skipLimit: Int64 = 256 * 1024
    /// Bytes that are swallowed after an answer that closes the connection.
    static let lingerLimit = 1 << 30

    nonisolated let socket: Socket
    let handler: @Sendable (Request) async throws -> Response
    let timeouts: Timeouts
    let logger: Logger
    private let traffic: Traffic
    /// What its requests' names begin with.
    private let name = UInt64.random(in: .min ... .max)

    /// Bytes read from the socket and not yet used.
    var input: ArraySlice<UInt8> = []
    var body = BodyState.finished
    /// Whether the client waits for `100 Continue` before it sends the body.
    var owesContinue = false
    /// Whether someone is in the middle of reading the body.
    var isReadingBody = false
    /// Grows by one per request: bodies and writers of an earlier request find out that they are too late.
    var requestNumber = 0
    /// Of the request that is served or waited for.
    private(set) var requestID: RequestID
    /// Whether the answer's head has been sent: from then on an error can only cut it off.
    var isAnswering = false
    /// Bytes that a streamed answer of known length has still to send.
    var streamLeft: Int64?
    /// How slowly the body of this request may still come, and its answer be read.
    var readingPace: Pace
    var writingPace: Pace
    /// How much longer than others it is waited for: clients that came together would else be turned out together, and whoever else there
    /// is would have to wait for that.
    private let patience = Double.random(in: 1...1.25)
    private nonisolated let phase = ConnectionPhase()
    /// The task in ``serve()``.
    private nonisolated let task = Mutex<Task<Void, Never>?>(nil)
    let ending: Ending

    /// - Parameter ending: the server's: an answer whose head is written after that has begun says that it is the last.
    init(
        socket: Socket, timeouts: Timeouts, traffic: Traffic, ending: Ending, logger: Logger,
        handler: @escaping @Sendable (Request) async throws -> Response
    ) {
        self.socket = socket
        self.timeouts = timeouts
        self.traffic = traffic
        self.ending = ending
        self.logger = logger
        requestID = RequestID(connection: name, number: 1)
        self.handler = handler
        readingPace = Pace(allowance: timeouts.stall, rate: timeouts.rate)
        writingPace = readingPace
    }

    /// Serves requests until either side has had enough, and closes. When it returns the descriptor is another's to have.
    func serve() async {
        do {
            while try await serveRequest() {}
            await linger()
        } catch {
            // The peer is gone or stalled in the middle of an answer: there is no one to tell.
            logger.debug("connection lost", metadata: ["error": "\(error)", "request_id": "\(requestID)"])
        }
        requestNumber += 1
        await withCheckedContinuation { closed in socket.close { closed.resume() } }
    }

    /// Closes when no request is in progress or on its way. The server has begun to end, so it closes after that otherwise.
    nonisolated func drain() {
        if phase.end(onlyIfSilent: true) { socket.abort() }
    }

    /// Since when the next request is waited for, in nanoseconds of uptime; nil while one is served.
    nonisolated var waitingSince: UInt64? { phase.waitingSince }

    /// Ends the connection to make room, unless a request has come whole, or there is something that has only not been read yet. Returns
    /// whether it did.
    nonisolated func giveUp() -> Bool {
        guard !socket.hasInput, phase.end(onlyIfSilent: false) else { return false }
        socket.abort()
        return true
    }

    /// Tells it which task serves it.
    nonisolated func isServed(by task: Task<Void, Never>) { self.task.withLock { $0 = task } }

    /// Ends the connection with whatever is going on on it.
    private nonisolated func end() {
        socket.abort()
        task.withLock { $0?.cancel() }
    }

    // MARK: - One request

    /// Serves the next request. Returns whether another may follow.
    private func serveRequest() async throws -> Bool {
        isAnswering = false
        // The first one is waited for from the beginning.
        if requestNumber > 0 { phase.fallSilent() }
        guard !ending.hasBegun else { return false }
        // Two numbers are taken for each request.
        requestID = RequestID(connection: name, number: requestNumber / 2 + 1)
        let head: RequestHead
        do {
            guard let next = try await readHead() else { return false }
            head = next
        } catch let error as HTTPError where error != .connectionLost {
            traffic.unreadable.add(1, ordering: .relaxed)
            logger.debug("a request could not be read", metadata: ["error": "\(error)", "request_id": "\(requestID)"])
            _ = try await send(error.response(), to: nil, closing: true)
            return false
        }
        guard phase.serve() else { return false }
        requestNumber += 1
        if let given = RequestID(head.fields[values: .requestID]) { requestID = given }
        let start = DispatchTime.now()
        readingPace = Pace(allowance: timeouts.stall, rate: timeouts.rate)
        writingPace = readingPace
        owesContinue = head.expectsContinue
        switch head.framing {
        case .none: body = .finished
        case .length(let length): body = .length(length)
        case .chunked: body = .chunked(ChunkedDecoder())
        }
        let response = await answer(to: head)
        guard let response else { return false }
        defer { withExtendedLifetime(response.companion) {} }
        let isLast = try await send(response, to: head, closing: !head.keepsAlive || !canSkipBody)
        note(head, response.status.code, since: start)
        guard !isLast else { return false }
        while try await nextChunk(of: requestNumber) != nil {}
        // What a handler left behind must not read or write on from here.
        requestNumber += 1
        return true
    }

    /// What the handler says, or what its error says; nil when there is no one to answer.
    private func answer(to head: RequestHead) async -> Response? {
        let number = requestNumber
        var length: Int64?
        if head.framing == .none { length = 0 }
        if case .length(let found) = head.framing { length = found }
        let request = Request(
            method: head.method, target: head.target, authority: head.authority, fields: head.fields,
            body: RequestBody(length: length) { [weak self] in
                guard let self else { throw HTTPError.connectionLost }
                return try await self.nextChunk(of: number)
            }, cutOff: { [socket] in socket.abort() }, endBody: { [socket] in socket.endReading() },
            endAnswer: { [weak self] in self?.end() })
        do {
            return try await handler(request)
        } catch HTTPError.connectionLost {
            return nil
        } catch let error as any RespondingError {
            return error.response()
        } catch {
            logger.error(
                "a request failed",
                metadata: [
                    "method": "\(head.method)", "path": "\(head.target.path)", "error": "\(error)", "request_id": "\(requestID)",
                ])
            return Problem(.internalServerError, code: "internal_error", detail: "the server failed; its log says why").response()
        }
    }

    /// The access log, for those who want it. Queries stay out of it: they may hold what a client would not have written down.
    private func note(_ head: RequestHead, _ status: Int, since start: DispatchTime) {
        logger.debug(
            "\(head.method) \(head.target.path) \(status)",
            metadata: [
                "method": "\(head.method)", "path": "\(head.target.path)", "status": "\(status)", "request_id": "\(requestID)",
                "seconds": "\(Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9)",
            ])
    }

    /// Reads a head; nil when the client closes, or says nothing in time, before its first byte.
    private func readHead() async throws -> RequestHead? {
        var parser = RequestHeadParser()
        var deadline = Timeouts.after(patience * (requestNumber == 0 ? timeouts.head : timeouts.idle))
        while true {
            if input.isEmpty {
                do {
                    input = try await socket.read(upTo: 16 * 1024, deadline: deadline)[...]
                } catch HTTPError.timeout {
                    if parser.isEmpty { return nil }
                    throw HTTPError.timeout("the head of the request did not come in time")
                }
                if input.isEmpty {
                    if parser.isEmpty { return nil }
                    throw HTTPError.malformed("the head of the request ends early", section: "RFC 9112, section 8")
                }
            }
            if parser.isEmpty {
                guard phase.headBegins() else { return nil }
                deadline = Timeouts.after(patience * timeouts.head)
            }
            let (count, head) = try parser.parse(input)
            input = input.dropFirst(count)
            if let head { return head }
        }
    }

    /// Whether the rest of the body is small enough to be skipped, so that the next request can be found behind it.
    private var canSkipBody: Bool {
        switch body {
        case .finished: true
        // Whether a client that was not told to go on sends its body after all is its own choice (RFC 9110, section 10.1.1).
        case .length(let left): !owesContinue && left <= Self.skipLimit
        case .chunked, .broken: false
        }
    }

    /// Closes our side and swallows what the client still sends: if the socket were closed with bytes unread, the kernel would
    /// reset the connection and the client might never see the answer (RFC 9112, section 9.6).
    private func linger() async {
        socket.finishWriting()
        phase.fallSilent()
        let end = Timeouts.after(ending.hasBegun ? min(1, timeouts.linger) : timeouts.linger)
        var left = Self.lingerLimit
        while left > 0, DispatchTime.now() < end {
            let deadline = min(end, Timeouts.after(timeouts.lingerIdle))
            guard let bytes = try? await socket.read(upTo: Self.readSize, deadline: deadline), !bytes.isEmpty else { return }
            left -= bytes.count
        }
    }
}
