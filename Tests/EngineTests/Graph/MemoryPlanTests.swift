import Engine
import Testing

@Suite struct MemoryPlanTests {
    private struct Request {
        let count: Int
        let first: Int
        let last: Int
        func meets(_ other: Request) -> Bool { first <= other.last && other.first <= last }
    }

    private func requests(_ count: Int, seed: Int) -> [Request] {
        var generator = TorchGenerator(seed: seed)
        return (0..<count).map { _ in
            let numbers = generator.randint(below: 1000, count: 3)
            let first = numbers[1] % 50
            return Request(count: numbers[0], first: first, last: first + numbers[2] % 8)
        }
    }

    @Test(arguments: 0..<8)
    func noTwoBuffersAliveAtOneTimeOverlap(seed: Int) {
        let requests = requests(60, seed: seed)
        var plan = MemoryPlan()
        let numbers = requests.map { plan.request($0.count, from: $0.first, through: $0.last) }
        #expect(numbers == Array(requests.indices))
        let (offsets, total) = plan.place()
        for (index, request) in requests.enumerated() {
            #expect(offsets[index] >= 0 && offsets[index] % 16 == 0 && offsets[index] + request.count <= total)
            for other in 0..<index where request.meets(requests[other]) && request.count > 0 && requests[other].count > 0 {
                let isApart = offsets[index] + request.count <= offsets[other] || offsets[other] + requests[other].count <= offsets[index]
                #expect(isApart, "\(index) and \(other)")
            }
        }
        let needed = (0..<60).map { step in requests.filter { $0.first <= step && step <= $0.last }.reduce(0) { $0 + $1.count } }.max() ?? 0
        #expect(total >= needed)
        #expect(total < requests.reduce(0) { $0 + $1.count } / 2)
    }

    @Test func buffersOneAfterTheOtherShareTheirPlace() {
        var plan = MemoryPlan()
        for step in 0..<10 { _ = plan.request(160, from: step * 2, through: step * 2 + 1) }
        #expect(plan.place().total == 160)
    }

    @Test func aBufferIsNeededThroughItsLastStep() {
        var plan = MemoryPlan()
        _ = plan.request(32, from: 0, through: 1)
        _ = plan.request(32, from: 1, through: 2)
        #expect(plan.place().total == 64)
    }
}
