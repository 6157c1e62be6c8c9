/// The two ways through a graph.
package enum Direction: Sendable {
    case forward, backward
}
