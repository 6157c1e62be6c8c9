import Engine
import Foundation
import Synchronization
import Testing

@Suite struct ParallelTests {
    @Test(arguments: [1, 2, 5], [0, 1, 2, 3, 100])
    func everyPartIsDoneOnceByAWorkerOfItsOwn(threads: Int, count: Int) {
        let done = Mutex([Int](repeating: 0, count: count))
        let busy = Mutex(Set<Int>())
        Parallel(threads: threads).forEach(count) { part, worker in
            let isFree = busy.withLock { $0.insert(worker).inserted }
            #expect(isFree && worker < threads)
            done.withLock { $0[part] += 1 }
            busy.withLock { _ = $0.remove(worker) }
        }
        #expect(done.withLock { $0 } == [Int](repeating: 1, count: count))
    }

    @Test func whatPartsWroteIsThereAfterwards() {
        let parallel = Parallel(threads: 3)
        let numbers = Buffer(count: 64)
        for round in 0..<2000 {
            parallel.forEach(64) { numbers.pointer[$0] = Float(round + $0) }
            let isRight = (0..<64).allSatisfy { numbers.pointer[$0] == Float(round + $0) }
            guard isRight else {
                Issue.record("round \(round)")
                return
            }
        }
    }

    /// Several jobs at once, and a part that divides its own work.
    @Test func callersDoNotDisturbEachOther() async {
        let sums = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let sum = Mutex(0)
                    for _ in 0..<200 {
                        Parallel(threads: 2).forEach(4) { outer in
                            Parallel(threads: 2).forEach(3) { inner in sum.withLock { $0 += outer * 3 + inner } }
                        }
                    }
                    return sum.withLock { $0 }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sums == [Int](repeating: 200 * 66, count: 4))
    }
}
