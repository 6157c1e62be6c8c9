/// How much of each resource a network takes, where it is to run and as it is to be written.
public struct CutGauge: Sendable {
    private let formats: NumberFormats
    private let tokens: Int?
    private let parallel: Parallel
    private let clock: SampleClock?

    /// - Parameters:
    ///   - formats: the number formats in which the weights are written.
    ///   - tokens: how many tokens the network's pipeline tells it, where it is told any; nil for as many as usual.
    ///   - parallel: the threads of a pass, of which each has working memory of its own.
    ///   - clock: where ``CutResource/secondsPerSample`` is asked for.
    public init(formats: NumberFormats, tokens: Int? = nil, parallel: Parallel, clock: SampleClock? = nil) {
        (self.formats, self.tokens, self.parallel, self.clock) = (formats, tokens, parallel, clock)
    }

    /// What a network takes of a resource, in the resource's unit.
    ///
    /// - Throws: ``SafeTensorsError`` for number formats that are not written.
    public func amount(_ resource: CutResource, of network: any Architecture) throws -> Int {
        switch resource {
        case .macs: described(network).graph.multiplyAccumulates
        case .parameters: network.graph.parameterCount
        case .size: try fileSize(network.graph)
        case .secondsPerSample: running.nanoseconds(described(network).graph)
        case .activationMemory: amountOfMemory(described(network).graph)
        }
    }

    /// Nanoseconds of a sample, had the machine been as fast as when another network took so many: how fast it is changes from moment to moment, so
    /// the two are run in turn.
    ///
    /// - Parameter other: the other network, and what it took.
    public func nanoseconds(of network: any Architecture, beside other: (network: any Architecture, nanoseconds: Int)) -> Int {
        let ratio = running.ratio(described(network).graph, described(other.network).graph)
        return Int((ratio * Double(other.nanoseconds)).rounded())
    }

    /// What runs networks to tell their time.
    var running: SampleClock {
        guard let clock else { preconditionFailure("seconds are asked of a gauge without a clock") }
        return clock
    }

    /// The network as its pipeline runs it.
    func described(_ network: any Architecture) -> any Architecture { network.described(tokens: tokens) }

    /// Bytes that one sample's way through a graph as its pipeline runs it holds at once.
    func amountOfMemory(_ graph: Graph) -> Int { graph.sampleBytes(parallel) }

    /// Bytes that each number of a parameter takes.
    func bytes(of parameter: Parameter) -> Int { formats[parameter].size }

    private func fileSize(_ graph: Graph) throws -> Int {
        try SafeTensorsWriter(graph.parameters.map { SafeTensorsWriter.Entry($0, formats) }, type: formats.common).size
    }
}
