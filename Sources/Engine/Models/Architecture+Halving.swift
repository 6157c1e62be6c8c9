import Documents
import Foundation

extension Architecture {
    /// The config's `sample_size`, which is the sample's side or its height and width, by half.
    public func halved() throws(ConfigurationError) -> Self? {
        let (height, width) = (sampleShape.height, sampleShape.width)
        guard height % 2 == 0, width % 2 == 0 else { return nil }
        let size: JSON = height == width ? .integer(height / 2) : .integers([height / 2, width / 2])
        let smaller = try ConfigurationReader(json: config).document.replacing(["sample_size": size])
        let shapes = Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.name, $0.shape) })
        guard let half = try? Self(json: Data(smaller.pretty.utf8), shapes: shapes),
            half.graph.multiplyAccumulates < graph.multiplyAccumulates
        else { return nil }
        return half
    }
}
