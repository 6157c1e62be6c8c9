import Foundation
import Testing

/// A server that is killed again and again while it is used: nothing that it acknowledged is lost, nothing is stuck, the store is sound.
///
/// `PRUNER_CRASH_ROUNDS` says how often (`make soak` takes 200), `PRUNER_CRASH_SEED` repeats a run's choices.
@Suite struct CrashTests {
    @Test func nothingAcknowledgedIsLost() async {
        await CrashRun([.kill], rounds: 20).run()
    }

    @Test func nothingDamagedIsServedOrUsed() async {
        await CrashRun([.damagedBlobs], rounds: 5).run()
    }

    @Test func whatAHarmedDatabaseHasLostIsTold() async {
        await CrashRun([.harmedDatabase], rounds: 5).run()
    }
}
