import Foundation
import Jobs
import Synchronization

/// Standard error as a person sees it: a progress bar at the bottom where it is a terminal, else lines now and then; and notes between.
package final class Screen: Sendable {
    private struct State {
        /// Whether the bar is on the screen.
        var isDrawn = false
        /// The last line, or what would have been one: its text, of what, and when.
        var last: (text: String, label: String, time: Double)?
    }

    /// How progress is shown.
    package enum Manner {
        case bar, lines, nothing
    }

    private let manner: Manner
    private let isUnicode: Bool
    private let state = Mutex(State())
    private let now: @Sendable () -> Double
    private let write: @Sendable (String) -> Void

    /// Seconds between two lines of the same phase.
    private static let pause = 5.0
    /// Seconds between two pictures of the same bar.
    private static let frame = 0.1

    /// - Parameters:
    ///   - now: seconds by a clock that never goes back.
    ///   - write: takes what is to be shown.
    package init(_ manner: Manner, isUnicode: Bool, now: @escaping @Sendable () -> Double, write: @escaping @Sendable (String) -> Void) {
        self.manner = manner
        self.isUnicode = isUnicode
        self.now = now
        self.write = write
    }

    /// Standard error, as it is.
    convenience init(isQuiet: Bool) {
        let environment = ProcessInfo.processInfo.environment
        let isTerminal = isatty(2) == 1 && environment["TERM"] != "dumb"
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        self.init(
            isQuiet ? .nothing : isTerminal ? .bar : .lines, isUnicode: locale.lowercased().replacing("-", with: "").contains("utf8"),
            now: JobProgressReporter.now
        ) { FileHandle.standardError.write(Data($0.utf8)) }
    }

    /// Shows how far something is.
    package func show(_ progress: ShownProgress) {
        state.withLock { state in
            switch manner {
            case .nothing: break
            case .bar:
                let time = now()
                if state.isDrawn, let last = state.last, last.label == progress.label, time - last.time < Self.frame { return }
                state.last = ("", progress.label, time)
                write("\r\u{1B}[2K" + ProgressBar(columns: Self.columns, isUnicode: isUnicode).line(progress))
                state.isDrawn = true
            case .lines:
                let (text, time) = (ProgressBar.sentence(progress), now())
                if let last = state.last, last.label == progress.label {
                    guard last.text != text, time - last.time >= Self.pause else { return }
                } else if !progress.isPhase {
                    // What is over soon is not worth a line.
                    state.last = ("", progress.label, time)
                    return
                }
                state.last = (text, progress.label, time)
                write(text + "\n")
            }
        }
    }

    /// A line that stays, unless the screen is to be quiet.
    package func note(_ text: String) {
        if manner != .nothing { tell(text) }
    }

    /// A line that stays, in any case.
    package func tell(_ text: String) {
        state.withLock { state in
            Self.wipe(&state, write)
            write(text + "\n")
        }
    }

    /// Takes the bar away.
    package func clear() {
        state.withLock { Self.wipe(&$0, write) }
    }

    private static func wipe(_ state: inout State, _ write: (String) -> Void) {
        if state.isDrawn { write("\r\u{1B}[2K") }
        state.isDrawn = false
    }

    /// The terminal's width now.
    private static var columns: Int {
        var size = winsize()
        return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
}
