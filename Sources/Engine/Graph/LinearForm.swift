/// How an operator's output follows from its parameters, for refitting them: its least-squares rows.
///
/// The output of an operator that has one is, beyond what does not depend on its parameters and before an activation that it applies itself,
/// linear in its parameters at each output pixel: ``Operator/linearRows(_:_:into:)`` gives what they are multiplied by.
package enum LinearForm: Sendable {
    /// y = W · row + b, with W (out × columns) parameter 0 and b (out) parameter 1, or y = W · row where there is none. Where W is kept in another
    /// order, ``Operator/weightPlace(output:column:)`` says in which.
    case product(columns: Int, hasBias: Bool)
    /// y_c = w_c · row_c + b_c for every channel c, with w parameter 0 and b parameter 1.
    case scale
}
