import Dispatch
import Storage
import Testing

@Test func readersSeeAWholeChangeOrNone() {
    struct Refused: Error {}
    let pair = ReadMostly((first: 0, second: 0))
    let torn = ReadMostly(0)
    DispatchQueue.concurrentPerform(iterations: 8) { worker in
        for _ in 0..<2000 {
            if worker < 2 {
                pair.change { pair in
                    pair.first += 1
                    pair.second += 1
                }
            } else if pair.read({ $0.first != $0.second }) {
                torn.change { $0 += 1 }
            }
        }
    }
    #expect(pair.read { $0.first } == 4000)
    #expect(torn.read { $0 } == 0)
    #expect(throws: Refused.self) { try pair.change { _ throws(Refused) in throw Refused() } }
    // Nobody holds it any more.
    #expect(pair.change { $0.second } == 4000)
}
