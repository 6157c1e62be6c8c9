/// A resnet's shortcut of single pixels that goes on in the resnet before it, where the rest of it is left out.
///
/// The one before gives h, and the one that goes S [h, s] + b and what its convolutions add, s what it reads by the skip connection. Without these
/// that is S_h h + S_s s + b: the convolution and the shortcut that give h have their outputs multiplied by S_h, b is added to a bias, and S_s to
/// the columns by which the shortcut reads a skip connection of its own. So what the one before gives are the channels of the one that goes.
public struct ShortcutFold: Sendable, Equatable {
    /// The resnet that stays, as it was called.
    public let layer: String
    /// The one that goes.
    public let gone: String

    /// The layers that give a resnet's output.
    static let outputs = ["conv2", "conv_shortcut"]

    /// The folds of a block going up: every resnet that goes goes on in the last one before it that stays.
    static func folds(_ block: String, count: Int, stays: [Int]) -> [ShortcutFold] {
        (0..<count).filter { !stays.contains($0) }.compactMap { gone in
            stays.last { $0 < gone }.map { ShortcutFold(layer: "\(block).resnets.\($0)", gone: "\(block).resnets.\(gone)") }
        }
    }
}

/// A network without some of its layers.
public struct LeavingOut: Sendable {
    /// It, with all channels that it has.
    public let network: any Architecture
    /// What its layers were called.
    public let names: LayerNames
    /// In which order shortcuts go on in layers that stay.
    public let folds: [ShortcutFold]

    /// A network.
    public init(_ network: any Architecture, names: LayerNames = LayerNames(), folds: [ShortcutFold] = []) {
        (self.network, self.names, self.folds) = (network, names, folds)
    }
}

extension [ShortcutFold] {
    /// The parameter of the whole network that has the rows, if it has any, of one that stays: where a shortcut goes on in a layer that gives an
    /// output, its channels are those of the one that went.
    func rows(of parameter: String) -> String {
        for fold in self.reversed() {
            for output in ShortcutFold.outputs where parameter.hasPrefix("\(fold.layer).\(output).") {
                return fold.gone + parameter.dropFirst(fold.layer.count)
            }
        }
        return parameter
    }
}
