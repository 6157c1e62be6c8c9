import Dispatch

/// A readiness source, which is suspended when it fires and no one waits for it: readiness is a level, not an edge.
struct ReadinessSource {
    let source: any DispatchSourceProtocol
    private(set) var isResumed = false

    mutating func resume() {
        if !isResumed { source.resume() }
        isResumed = true
    }

    mutating func suspend() {
        if isResumed { source.suspend() }
        isResumed = false
    }
}
