/// The channels of a value, each by the number of its class in a ``ChannelCoupling``.
package typealias Channels = [Int]

/// Which channels stand or fall together, found by one walk over a graph.
///
/// Every layer makes fresh channels; sums, norms and attention join them into classes (union–find), and every parameter axis
/// is tied to the channels it indexes. Classes that were made and joined by the same layers form a group.
package struct ChannelCoupling: Sendable {
    /// One axis of a parameter, index by index tied to channels.
    package struct Tie: Sendable {
        package let parameter: String
        package let axis: Int
        package let channels: Channels
        /// Whether the parameter's numbers count as importance: weights of convolutions and linear layers do.
        package let isScored: Bool
    }

    /// The fresh output channels of one layer.
    package struct Layer: Sendable {
        package let name: String
        package let channels: Channels
        package let width: WidthRule
    }

    /// Equal parts into which channels fall, of which each loses the same number.
    package struct Division: Sendable {
        package let channels: Channels
        package let parts: Int
        package let isNorm: Bool
    }

    package private(set) var layers: [Layer] = []
    package private(set) var ties: [Tie] = []
    package private(set) var divisions: [Division] = []
    /// q's and v's channels of each attention: whole heads of both go together.
    private(set) var attentions: [(query: Channels, value: Channels)] = []
    private var fixedChannels: Channels = []
    private var parents: [Int] = []

    package init() {}

    /// Channels that no cut may touch.
    mutating func fixed(_ count: Int) -> Channels {
        let channels = fresh(count)
        fixedChannels += channels
        return channels
    }

    /// Marks channels as untouchable: what leaves the graph.
    mutating func fix(_ channels: Channels) { fixedChannels += channels }

    /// A convolution or linear layer: its rows make fresh channels, its columns read `input`.
    ///
    /// - Parameter isTransposed: whether it is the other way round, as transposed convolutions have it.
    mutating func layer(
        _ name: String, outChannels: Int, input: Channels, width: WidthRule, hasBias: Bool = true, isTransposed: Bool = false
    ) -> Channels {
        let output = width == .fixed ? fixed(outChannels) : fresh(outChannels)
        layers.append(Layer(name: name, channels: output, width: width))
        ties.append(Tie(parameter: "\(name).weight", axis: isTransposed ? 1 : 0, channels: output, isScored: true))
        if hasBias { ties.append(Tie(parameter: "\(name).bias", axis: 0, channels: output, isScored: false)) }
        ties.append(Tie(parameter: "\(name).weight", axis: isTransposed ? 0 : 1, channels: input, isScored: true))
        return output
    }

    /// A table whose columns are fresh channels, whichever row is read.
    mutating func table(_ name: String, channels: Int) -> Channels {
        let output = fresh(channels)
        layers.append(Layer(name: name, channels: output, width: .own))
        ties.append(Tie(parameter: "\(name).weight", axis: 1, channels: output, isScored: false))
        return output
    }

    /// A norm whose parameters are indexed by its input's channels, in `groups` equal parts.
    mutating func norm(_ name: String, input: Channels, groups: Int) {
        ties.append(Tie(parameter: "\(name).weight", axis: 0, channels: input, isScored: false))
        ties.append(Tie(parameter: "\(name).bias", axis: 0, channels: input, isScored: false))
        divisions.append(Division(channels: input, parts: groups, isNorm: true))
    }

    /// A norm of each channel by itself, whose statistics are indexed by its input's channels too.
    mutating func batchNorm(_ name: String, input: Channels) {
        for tensor in ["weight", "bias", "running_mean", "running_var"] {
            ties.append(Tie(parameter: "\(name).\(tensor)", axis: 0, channels: input, isScored: false))
        }
    }

    /// Attention: q and k are multiplied channel by channel, heads stay equally wide.
    mutating func attention(query: Channels, key: Channels, value: Channels, heads: Int) {
        unify(query, key)
        divisions.append(Division(channels: query, parts: heads, isNorm: false))
        divisions.append(Division(channels: value, parts: heads, isNorm: false))
        attentions.append((query, value))
    }

    /// Joins two values channel by channel.
    mutating func unify(_ a: Channels, _ b: Channels) {
        for (x, y) in zip(a, b) {
            let (low, high) = (min(root(x), root(y)), max(root(x), root(y)))
            parents[high] = low
        }
    }

    /// The representative of a channel's class: its earliest channel.
    package func root(_ channel: Int) -> Int {
        var channel = channel
        while parents[channel] != channel { channel = parents[channel] }
        return channel
    }

    /// The classes that no cut may touch.
    package var fixedClasses: Set<Int> { Set(fixedChannels.map(root)) }

    package mutating func fresh(_ count: Int) -> Channels {
        let channels = Array(parents.count..<(parents.count + count))
        parents += channels
        return channels
    }
}

extension Graph {
    /// Walks the graph once and returns how its channels are coupled, and each node's output channels. What comes before a stop of gradients
    /// keeps its channels.
    package func coupling() -> (coupling: ChannelCoupling, channels: [Channels]) {
        var coupling = ChannelCoupling()
        var channels: [Channels] = []
        for node in nodes {
            channels.append(node.operation.couple(node.inputs.map { channels[$0] }, in: &coupling))
        }
        for output in outputs { coupling.fix(channels[output.node]) }
        for (index, isFixed) in comesBeforeStop.enumerated() where isFixed { coupling.fix(channels[index]) }
        return (coupling, channels)
    }
}
