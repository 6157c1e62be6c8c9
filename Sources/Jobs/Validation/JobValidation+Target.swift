import Engine

/// Whether a target can be met, which is known before any channel is ranked where it is a matter of widths.
extension JobValidation {
    /// Finds the uniform cut that meets a target; another than uniform is found after scoring, and there is one where there is this.
    func target(_ target: CutTarget, _ pruning: JobRequest.Pruning, _ valid: inout Valid) throws -> [FieldError] {
        let model = valid.model
        if pruning.widths == .diffusers, model.freeWidths {
            return [FieldError(pointer: "/pruning/widths", detail: Self.alreadyFree)]
        }
        let goal = try CutGoal(target, valid.request, valid.source, model, valid.objective, resources.parallel)
        do {
            let unranked = model.graph.channelGroups().map { [Double](repeating: 0, count: $0.width) }
            // Where widths alone meet it no layer need go.
            let kept = try model.kept(.uniform, importance: unranked, depth: pruning.depth) {
                try goal.cut($0, pruning, timesteps: valid.objective.timesteps)
            }
            valid.result = try model.pruned(kept: kept, widths: pruning.widths, steps: valid.objective.timesteps)
            return []
        } catch let error as CutTargetError {
            return error.misses.map { FieldError(pointer: "/pruning/target/\($0.resource.rawValue)", detail: $0.description) }
        } catch PruningError.noBlockWidths {
            return [FieldError(pointer: "/pruning/widths", detail: "cannot be \"diffusers\": \(PruningError.noBlockWidths)")]
        } catch {
            return [FieldError(pointer: "/pruning/target", detail: "\(error)")]
        }
    }

    /// Reckons what pruning leaves where only running networks tells: as much as is usual, or what is nearest that there is.
    ///
    /// - Parameter field: what says that networks are run.
    func reckoned(_ pruning: JobRequest.Pruning, _ field: String, _ valid: inout Valid) throws -> [FieldError] {
        var errors: [FieldError] = []
        for share in [CutExtent.usualShare, 0.8, 0.95] {
            errors = try target(CutTarget([.macs: .fraction(share)]), pruning, &valid)
            guard !errors.isEmpty else { return [] }
        }
        return errors.map { error in
            error.pointer.hasPrefix("/pruning/target") ? FieldError(pointer: field, detail: "finds no cut: \(error.detail)") : error
        }
    }
}
