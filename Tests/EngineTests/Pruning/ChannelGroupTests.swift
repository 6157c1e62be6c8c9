import Engine
import Testing

@Suite struct ChannelGroupTests {
    /// An axis of a parameter.
    private struct Axis: Hashable {
        let parameter: String
        let axis: Int
    }

    /// What no group may touch: the model's inputs and outputs, and the channels that the timestep's formula or table decides.
    private static let untouched: Set<Axis> = [
        Axis(parameter: "conv_in.weight", axis: 1), Axis(parameter: "conv_out.weight", axis: 0), Axis(parameter: "conv_out.bias", axis: 0),
        Axis(parameter: "time_embedding.linear_1.weight", axis: 1), Axis(parameter: "time_proj.weight", axis: 0),
        Axis(parameter: "time_proj.weight", axis: 1),
        // Which class, or the number that it is given as; pictures beside the features of skip blocks.
        Axis(parameter: "class_embedding.weight", axis: 0), Axis(parameter: "class_embedding.linear_1.weight", axis: 1),
        Axis(parameter: "down_blocks.0.skip_conv.weight", axis: 1), Axis(parameter: "up_blocks.0.skip_conv.weight", axis: 0),
        Axis(parameter: "up_blocks.0.skip_conv.bias", axis: 0),
    ]

    private static func isUntouched(_ axis: Axis, of name: String) -> Bool {
        if untouched.contains(axis) { return true }
        // A class that comes as a vector is as wide as the time embedding that it is added to.
        guard name == "class_vectors" else { return false }
        return axis.axis == 0 && axis.parameter.hasPrefix("time_embedding.linear_2.")
            || axis.axis == 1 && axis.parameter.hasSuffix(".time_emb_proj.weight")
    }

    @Test(arguments: UNet2DModelTests.names)
    func everyIndexOfEveryParameterBelongsToExactlyOneGroup(name: String) throws {
        let graph = try Golden.unet(name).model.graph
        var owners: [Axis: [Int: String]] = [:]
        for group in graph.channelGroups() {
            #expect(group.width > 0)
            for member in group.members {
                let axis = Axis(parameter: member.parameter, axis: member.axis)
                for index in member.offset..<(member.offset + group.width) {
                    let former = owners[axis, default: [:]].updateValue(group.name, forKey: index)
                    #expect(former == nil, "\(axis) index \(index)")
                }
            }
        }
        for parameter in graph.parameters {
            for axis in 0..<min(parameter.shape.count, 2) {
                let axis = Axis(parameter: parameter.name, axis: axis)
                let expected = Self.isUntouched(axis, of: name) ? [] : Set(0..<parameter.shape[axis.axis])
                #expect(Set(owners[axis, default: [:]].keys) == expected, "\(axis)")
                owners[axis] = nil
            }
        }
        #expect(owners.isEmpty)
    }

    @Test(arguments: UNet2DModelTests.names)
    func weightsOfLayersAreScoredAndNothingElse(name: String) throws {
        let graph = try Golden.unet(name).model.graph
        let dimensions = Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.name, $0.shape.count) })
        for member in graph.channelGroups().flatMap(\.members) {
            let isTable = member.parameter == "class_embedding.weight"
            #expect(member.isScored == (try #require(dimensions[member.parameter]) > 1 && !isTable), "\(member)")
        }
    }

    /// If a member were missing the cut graph's shapes would not fit; if one were too many a foreign axis would shrink.
    @Test(arguments: UNet2DModelTests.names)
    func cuttingOneGroupNarrowsItsMembersAndNothingElse(name: String) throws {
        let (model, weights) = try Golden.unet(name)
        let groups = model.graph.channelGroups()
        for (number, group) in groups.enumerated() where group.heads == 1 || group.width > group.heads {
            let parts = max(group.normGroups, group.heads)
            let size = group.width / parts
            guard size > 1 else { continue }
            let kept = groups.indices.map { index in
                (0..<groups[index].width).filter { index != number || $0 % size != size - 1 }
            }
            let cut = try model.graph.cut(kept: kept, weights: weights).graph
            var shapes = Dictionary(uniqueKeysWithValues: model.graph.parameters.map { ($0.name, $0.shape) })
            for member in group.members { shapes[member.parameter]?[member.axis] -= parts }
            #expect(Dictionary(uniqueKeysWithValues: cut.parameters.map { ($0.name, $0.shape) }) == shapes, "\(group.name)")
        }
    }

    @Test func groupsOfTheTinyDDPMAreThoseOfItsResidualStreams() throws {
        let groups = try Golden.unet("ddpm").model.graph.channelGroups()
        let first = try #require(groups.first { $0.name == "conv_in" })
        #expect(first.width == 8)
        #expect(first.normGroups == 4)
        // The stream goes on to the first down block's end, as a skip into the last up block's concatenations.
        let members = Set(first.members.map { "\($0.parameter) \($0.axis)" })
        #expect(members.contains("down_blocks.0.resnets.1.conv2.weight 0"))
        #expect(members.contains("up_blocks.2.resnets.2.conv1.weight 1"))
        #expect(!members.contains("up_blocks.2.resnets.2.conv1.weight 0"))
    }

    /// What comes before a stop of gradients keeps its channels; what nobody reads decides nothing.
    @Test(arguments: [false, true]) func channelsBeforeAStopAreNotCut(stops: Bool) throws {
        var graph = Graph()
        let sample = try graph.add("sample", Input(Shape(height: 4, width: 4, channels: 3)))
        let first = try graph.add("first", Conv2d("first", in: 3, out: 8, kernel: 3, stride: 1, padding: .symmetric(1)), [sample])
        try graph.add("unread", Activation(.silu), [first])
        let passed = stops ? try graph.add("stop", Detach(), [first]) : first
        let second = try graph.add("second", Conv2d("second", in: 8, out: 5, kernel: 3, stride: 1, padding: .symmetric(1)), [passed])
        let last = try graph.add("last", Conv2d("last", in: 5, out: 3, kernel: 3, stride: 1, padding: .symmetric(1)), [second])
        graph.addOutput("out", last)
        #expect(graph.channelGroups().map(\.name) == (stops ? ["second"] : ["first", "second"]))
    }
}
