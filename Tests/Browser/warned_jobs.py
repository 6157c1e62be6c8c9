"""Jobs that something is told of: before they run, by the form's forecast, and once they have run, by their pages.

A forecast is a row: the warnings that it is there for, a checkpoint and a dataset by the names that they have in warned_checkpoints.py and
warned_datasets.py, and what is put into the form's fields. A job is posted as the API takes it."""

FORECASTS = (
    (["assumed_schedule", "assumed_class", "weights_not_finite", "exif_ignored", "transparency_dropped", "narrow_range", "timestep_table"],
     "bare", "odd pictures", {"pruning-ratio": "0.5"}),
    (["ratio_not_met", "few_training_pictures", "few_held_out_pictures", "batch_lowered"], "pipeline", "odd pictures", {}),
    (["assumed_pixels", "sampler_not_run"], "pixels", "embeddings", {}),
    (["sample_size_taken"], "sized", "odd pictures", {}),
    (["assumed_settings", "schedule_taken"], "texts", "embeddings", {"pruning-widths": "free"}),
    (["captions_missing"], "stable", "captions", {}),
    (["result_larger"], "both halves", "odd pictures", {"pruning-component": "decoder", "pruning-method": "magnitude", "pruning-ratio": "0.13"}),
)

# The learning rate rises over all steps, to far more than a network bears.
STEEP = {"batch_size": 16, "schedule": "constant", "ema_decay": 0, "optimizer": "adamw"}
EVALUATION = {"samples": 1, "steps": 1}
JOBS = (
    # It learns while the rate is small, and in the end has forgotten that, so that its loss is that of a network that knows nothing: 1.
    (["finetuning_worse"], STEEP | {"steps": 80, "warmup_steps": 80, "learning_rate": 0.2}),
    (["finetuning_diverged", "held_out_loss_rose"], STEEP | {"steps": 40, "warmup_steps": 40, "learning_rate": 10}),
)
