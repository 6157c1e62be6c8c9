import Foundation
import Jobs
import TestSupport
import Testing

/// The limit that control groups set, from files as Linux lays them out.
struct MachineMemoryTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        /// What /proc/self/cgroup says; nil when it is not there.
        let groups: String?
        let files: [String: String]
        let limit: Int?
    }

    static let cases = [
        Case(testDescription: "no control groups", groups: nil, files: [:], limit: nil),
        Case(testDescription: "version 2, no limit", groups: "0::/\n", files: ["sys/fs/cgroup/memory.max": "max\n"], limit: nil),
        Case(
            testDescription: "version 2, in a container", groups: "0::/\n", files: ["sys/fs/cgroup/memory.max": "2147483648\n"],
            limit: 2_147_483_648),
        Case(
            testDescription: "version 2, the least of a unit and its slice", groups: "0::/system.slice/pruner.service\n",
            files: [
                "sys/fs/cgroup/system.slice/pruner.service/memory.max": "4000000000\n",
                "sys/fs/cgroup/system.slice/memory.max": "3000000000\n", "sys/fs/cgroup/memory.max": "max\n",
            ], limit: 3_000_000_000),
        Case(
            testDescription: "version 1, the host's path in a container", groups: "5:cpu,cpuacct:/a\n4:memory:/docker/0123\n0::/\n",
            files: ["sys/fs/cgroup/memory/memory.limit_in_bytes": "1000000000\n"], limit: 1_000_000_000),
        Case(
            testDescription: "not numbers", groups: "nonsense\n\n1:name=systemd:/\n0::/\n", files: ["sys/fs/cgroup/memory.max": "-5\n"],
            limit: nil),
    ]

    @Test(arguments: cases)
    func theLeastLimitCounts(_ example: Case) throws {
        let folder = try TemporaryFolder()
        if let groups = example.groups { _ = try folder.file("proc/self/cgroup", Array(groups.utf8)) }
        for (name, text) in example.files { _ = try folder.file(name, Array(text.utf8)) }
        #expect(MachineMemory.groupLimit(root: folder.url.path) == example.limit)
    }

    @Test func itIsNeverMoreThanTheMachines() {
        #expect((1...Int(ProcessInfo.processInfo.physicalMemory)).contains(MachineMemory.bytes()))
    }
}
