/// Layers that a network can be without, as each stands beside a shortcut, and a configuration that stock code reads says the result.
///
/// They are told by their modules' names, such as `mid_block.attentions.0`. Where they may go at several places, such as one of every block,
/// as many go at each of them: the configuration has one number for all.
public struct OptionalLayers: Sendable, Equatable {
    /// At each place those modules of which any may go, as they go together.
    public let places: [[Set<String>]]
    /// How many may go at each place.
    public let most: Int

    /// - Parameters:
    ///   - places: at each place at least `most` alternatives.
    ///   - most: at least one.
    public init(places: [[Set<String>]], most: Int = 1) {
        (self.places, self.most) = (places, most)
    }

    /// All modules that may go.
    public var modules: Set<String> { places.joined().reduce(into: []) { $0.formUnion($1) } }

    /// The modules of one block's layers that pair as a skip connection pairs them: what remains of either half reads what it read.
    ///
    /// The first layer of a block brings its width, and the last of a block going up reads what came into its counterpart, so that these stay.
    /// Layer `count` - k going up reads what layer k - 1 going down gives: they go together, and what layer k - 1 gives stands for what k gave.
    /// Going up the shortcut is a layer of its own, which goes on in the layer before (``ShortcutFold``); what attends there reads that layer's
    /// outputs no more, so that it goes and the one after the layer stays.
    static func layers(down: String, up: String, count: Int, attends: (down: Bool, up: Bool)) -> [Set<String>] {
        (1..<max(1, count)).map { layer in
            let other = count - layer
            var modules: Set = ["\(down).resnets.\(layer)", "\(up).resnets.\(other)"]
            if attends.down { modules.insert("\(down).attentions.\(layer)") }
            if attends.up { modules.insert("\(up).attentions.\(other - 1)") }
            return modules
        }
    }
}

extension Architecture {
    /// All modules that it can be without, some of them.
    var optionalModules: Set<String> { optionalLayers.reduce(into: []) { $0.formUnion($1.modules) } }
}
