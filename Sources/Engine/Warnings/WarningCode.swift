/// Every code that a warning can have. The words are part of the API: one is added, never renamed. docs/troubleshooting.md has them all.
public enum WarningCode: String, Sendable, CaseIterable {
    /// A sentence that an earlier version stored without a code.
    case note

    // MARK: Checkpoints and datasets: files that are no part of them

    /// Files that are no pictures, or no part of a pipeline, were left out.
    case filesLeftOut = "files_left_out"
    /// Hidden files and litter were left out.
    case hiddenFilesLeftOut = "hidden_files_left_out"

    // MARK: Checkpoints: which of several things was taken

    /// A variant of the weights (`fp16`, `non_ema`) is read, as no file has the standard name.
    case variantTaken = "variant_taken"
    /// One of several files that may be weights is read.
    case weightsTaken = "weights_taken"
    /// A configuration or a noise schedule is there twice, and one of them is read.
    case configurationTaken = "configuration_taken"
    /// The configuration, and what else was not sent, is that of another checkpoint.
    case partsLent = "parts_lent"
    /// The moving averages of a file of CompVis's code base are read in place of the weights trained last.
    case averagesTaken = "averages_taken"
    /// Where in a PyTorch file the weights are, and what else is there.
    case weightsFound = "weights_found"
    /// The noise schedule is that of a file beside one that has its own.
    case scheduleTaken = "schedule_taken"
    /// `sample_size` is what was said beside the files.
    case sampleSizeTaken = "sample_size_taken"
    /// The tensors' shapes are the widths, not the configuration's numbers.
    case widthsTaken = "widths_taken"

    // MARK: Checkpoints: what was assumed

    /// No noise schedule came: it is taken for diffusers' usual one.
    case assumedSchedule = "assumed_schedule"
    /// A configuration names no class.
    case assumedClass = "assumed_class"
    /// What a file of CompVis's code base does not tell: heads, betas, prediction, the latents' scale, the size of samples.
    case assumedSettings = "assumed_settings"
    /// The network is taken for one of pictures, though it may be one of latents.
    case assumedPixels = "assumed_pixels"
    /// The network's samples are no pictures, and no autoencoder came to make them of any.
    case noAutoencoder = "no_autoencoder"
    /// A learned table tells the timestep: whole timesteps only.
    case timestepTable = "timestep_table"

    // MARK: Checkpoints: what is not used, or was changed

    /// A key of a configuration that nothing reads.
    case unknownKey = "unknown_key"
    /// A key of a configuration that is read as diffusers reads it, which may not be what it seems to say.
    case unusualKey = "unusual_key"
    /// The pipeline's index cannot be read: another is written.
    case indexReplaced = "index_replaced"
    /// Another network beside the one that is read.
    case networkLeftOut = "network_left_out"
    /// Scripts, which whoever loads a pipeline may run.
    case scriptsLeftOut = "scripts_left_out"
    /// Pickles of components that are handed on without being read.
    case picklesCarried = "pickles_carried"
    /// Paths of somebody's machine were taken out of configurations.
    case pathsRemoved = "paths_removed"
    /// Tensors that are no part of the pipeline.
    case tensorsLeftOut = "tensors_left_out"
    /// What makes a network's condition cannot be used.
    case conditionLeftOut = "condition_left_out"
    /// A layer of the text encoder that is not read.
    case layerLeftOut = "layer_left_out"
    /// The text encoder has no tokenizer.
    case noTokenizer = "no_tokenizer"
    /// The pipeline's autoencoder cannot be run.
    case autoencoderNotRun = "autoencoder_not_run"
    /// An autoencoder's layers for a mask are not run.
    case maskNotRun = "mask_not_run"
    /// The noise schedule has no betas: the network can be cut, but not run.
    case noBetas = "no_betas"
    /// Samples are drawn by DDIM or DDPM, not by the checkpoint's own scheduler.
    case samplerNotRun = "sampler_not_run"
    /// A prefix that all tensors' names had was taken off.
    case prefixTakenOff = "prefix_taken_off"
    /// The weights' number formats are mixed, and each tensor keeps its own.
    case formatsMixed = "formats_mixed"
    /// Weights are kept in another number format than they came in.
    case weightsConverted = "weights_converted"
    /// Weights that are no finite numbers.
    case weightsNotFinite = "weights_not_finite"

    // MARK: Datasets

    /// Pictures that cannot be read were left out.
    case picturesSkipped = "pictures_skipped"
    /// Pictures of formats that are not read were left out.
    case picturesNotRead = "pictures_not_read"
    /// A file of metadata in a format that is not read.
    case metadataNotRead = "metadata_not_read"
    /// Metadata of files that were left out.
    case metadataUnused = "metadata_unused"
    /// Metadata that gives no picture a label or a text.
    case metadataEmpty = "metadata_empty"
    /// Pictures without a text take the empty caption.
    case captionsMissing = "captions_missing"
    /// Tensors of the embeddings' file that nothing reads.
    case embeddingsUnused = "embeddings_unused"
    /// The pictures differ in size.
    case sizesDiffer = "sizes_differ"
    /// Gray pictures are used as colour pictures.
    case grayPictures = "gray_pictures"
    /// Pictures are turned by EXIF, which is ignored.
    case exifIgnored = "exif_ignored"
    /// Transparency was dropped.
    case transparencyDropped = "transparency_dropped"
    /// Pictures of 16 bits a sample that use a few of them.
    case narrowRange = "narrow_range"

    // MARK: What is stored

    /// A file of the checkpoint is damaged on the disk.
    case checkpointDamaged = "checkpoint_damaged"
    /// A file of the dataset is damaged on the disk.
    case datasetDamaged = "dataset_damaged"

    // MARK: Jobs: known before they run

    /// A usual batch size was lowered to the number of pictures.
    case batchLowered = "batch_lowered"
    /// Reconstruction takes fewer samples than is usual, or is left out, for lack of memory.
    case reconstructionLowered = "reconstruction_lowered"
    /// So few pictures are trained on that they are learnt by heart.
    case fewTrainingPictures = "few_training_pictures"
    /// The held-out loss is that of a handful of pictures.
    case fewHeldOutPictures = "few_held_out_pictures"
    /// The share of channels that goes is not the one that was asked for.
    case ratioNotMet = "ratio_not_met"
    /// The result has more parameters than the original.
    case resultLarger = "result_larger"

    // MARK: Jobs: known once they have run

    /// The loss of fine-tuning ended far above where it began.
    case finetuningDiverged = "finetuning_diverged"
    /// The loss of fine-tuning grew.
    case finetuningWorse = "finetuning_worse"
    /// The held-out loss is higher after fine-tuning than before it.
    case heldOutLossRose = "held_out_loss_rose"

    /// Whether it is of a checkpoint or a dataset and bears on what comes of running a network, so that jobs and their results tell it too.
    public var isAssumption: Bool {
        switch self {
        case .assumedSchedule, .assumedClass, .assumedSettings, .assumedPixels, .noAutoencoder, .scheduleTaken, .sampleSizeTaken,
            .weightsNotFinite, .samplerNotRun, .captionsMissing, .exifIgnored, .transparencyDropped, .narrowRange:
            true
        default: false
        }
    }
}

extension Warning {
    /// Whether it is one that jobs and results tell too: see ``WarningCode/isAssumption``.
    public var isAssumption: Bool { WarningCode(rawValue: code)?.isAssumption ?? false }
}
