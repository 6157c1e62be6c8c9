// The fields of a job, explained. Their defaults and bounds are the server's own: /openapi.json tells them.

/** The methods that rank channels by gradients on pictures. */
export const gradientMethods = ["diff-pruning", "taylor", "fisher", "gauss-newton", "group-fisher", "scratch"];

/** `[path in the request, name, explanation, extra]`; a phase's fields follow its own entry. Those that lead are seen at once, the others unfolded. */
export const phases = [
  {
    key: "pruning", schema: "Pruning", title: "Prune", detail: "Removes the channels that matter least.",
    fields: [
      ["component", "Network", "Which network is pruned: the checkpoint's own, or a pipeline's autoencoder (vae, vqvae), both halves of it, or its decoder alone. Latents stay as wide, so that the pipeline goes on working.", { recipe: true, empty: "the checkpoint's own" }],
      ["method", "Method", "Diff-Pruning weighs every channel by gradients over the timesteps that say something. Taylor takes all timesteps; fisher, gauss-newton and group-fisher the squares of every picture's own gradients; magnitude only the weights. random and scratch (fresh weights) are there to compare with.", { generator: ["gauss-newton", "magnitude", "random"] }],
      ["target", "How much", "A share of every layer's channels goes; or as many as leave no more than this of what the original takes, where what no cut can leave is refused; or as many as raise the loss on held-out pictures by no more than this right after the cut, which is found by trying a few cuts.", { leads: true, shares: [["macs", "multiply-accumulates"], ["parameters", "parameters"], ["size", "size of the weights"], ["seconds_per_sample", "seconds per sample"], ["loss_increase", "rise of the loss"]] }],
      ["ratio", "Ratio", "The share of every layer's channels to remove; with the allocation global, the recipe's, as much is saved, but layers lose by what they are worth. Norm groups and heads round it down. 0.3 is the paper's. auto: as much as goes before the loss on held-out pictures bends up, found by trying. Several, with commas between: a sweep, which is a job for each.", { leads: true }],
      ["widths", "Widths", "diffusers: one width per block, which from_pretrained loads. free: every layer its own, as the paper's code does; the download brings a small loader. A generator has no other.", { leads: true, generator: ["free"] }],
      ["time_embedding", "Time embedding", "table: the first block is cut too, and a learned table tells the timestep: DDIM, DDPM, PNDM, DPM-Solver++ and UniPC run, schedulers that ask for fractions of timesteps (Euler, Heun, LMS, KDPM2) do not. sinusoid: the first block keeps its width, and any scheduler runs. Only for UNet2DModel and the widths diffusers.", { of: "denoiser" }],
      ["allocation", "Allocation", "uniform: every group loses the same share. global: those lose more whose channels are worth little for what they cost. Empty: as the recipe has it.", { recipe: true }],
      ["depth", "Layers, too", "Whether a cut that is not of a ratio, or of the ratio auto, may leave out layers where a stock configuration can say so and the cut then loses less. Empty: it may, unless the recipe is paper.", { methods: gradientMethods, recipe: true }],
      ["threshold", "Threshold", "Diff-Pruning stops at the first timestep whose loss is below this share of the largest so far: later, noisier steps say little. auto: chosen when all timesteps are through.", { step: "0.01", methods: ["diff-pruning", "scratch"], of: "denoiser" }],
      ["timesteps.first", "First timestep", "Where scoring begins; empty: 0.", { schema: "Timesteps", methods: gradientMethods, recipe: true, of: "denoiser" }],
      ["timesteps.last", "Last timestep", "Where scoring ends at the latest; empty: the noise schedule's last.", { schema: "Timesteps", methods: gradientMethods, of: "denoiser" }],
      ["timesteps.stride", "Stride", "Every how many timesteps are looked at: scoring is as many times faster, and the cut by 4 or 10 as good. Empty: as the recipe has it, and 1 where the first or last timestep is told.", { schema: "Timesteps", methods: gradientMethods, recipe: true, of: "denoiser" }],
      ["samples", "Pictures to score", "Over how many pictures an autoencoder is scored, or of a generator how much noise, in batches. Empty: 64, or as many as there are.", { methods: gradientMethods, recipe: true, of: "autoencoder generator" }],
      ["batch_size", "Pictures", "How many pictures are scored at every timestep. Empty: 16, or as many as there are.", { methods: gradientMethods, recipe: true }],
      ["seed", "Seed", "Of the noise; the same seed gives the same result."],
      ["reconstruction.samples", "Reconstruction", "Every layer that is left is refitted to the original on so many noised pictures. Empty: as the recipe has it.", { schema: "Reconstruction", methods: ["diff-pruning", "taylor", "fisher", "gauss-newton", "group-fisher", "magnitude", "random"], recipe: true }],
    ],
  },
  {
    key: "finetuning", schema: "Finetuning", title: "Fine-tune", detail: "Trains what is left, to get its quality back.",
    fields: [
      ["steps", "Steps", "How many batches are trained on. The paper takes 100,000; a few hundred show where it goes.", { leads: true }],
      ["batch_size", "Batch size", "Pictures in a step. Empty: 16, of an autoencoder 32, or as many as there are.", { recipe: true }],
      ["optimizer", "Optimiser", "What makes a step of a gradient. soap learns more of a step and takes longer for it; adamw is the paper's.", { recipe: true }],
      ["learning_rate", "Learning rate", "0.0002 is the paper's; short runs bear more. Empty: as the recipe has it.", { step: "any", recipe: true }],
      ["warmup_steps", "Warm-up steps", "The learning rate rises from 0 over these. Empty: as the recipe has it.", { recipe: true }],
      ["schedule", "Schedule", "cosine: the learning rate falls to 0 over the steps, which short runs are better for.", { recipe: true }],
      ["weight_decay", "Weight decay", "What the weights lose at each step, times the learning rate.", { step: "any" }],
      ["ema_decay", "Averaging decay", "The result is a moving average of the weights, which this makes slow. 0 takes the last weights; 0.99 fits short runs.", { step: "any" }],
      ["gradient_clip", "Gradient clip", "Gradients longer than this are shortened to it; empty: none are.", { step: "any", nullable: true }],
      ["flip", "Mirror", "Show half of the pictures mirrored.", { of: "denoiser autoencoder" }],
      ["unconditional_probability", "Shown without a condition", "The share of pictures that a model is shown with the empty class or caption, so that guidance works. Empty: 0.1 where it has one.", { step: "any", recipe: true, of: "denoiser" }],
      ["seed", "Seed", "Of pictures, timesteps and noise."],
      ["distillation.output", "Learn the original's output", "What the original predicts is learnt too; this is how much it counts. Empty: not at all.", { schema: "Distillation", recipe: true }],
      ["distillation.features", "Learn the original's blocks", "How much it counts what the original's blocks give at the channels that are left. Empty: not at all.", { schema: "Distillation", recipe: true, of: "denoiser autoencoder" }],
      ["distillation.task", "Learn the noise itself", "How much the loss without a teacher counts beside these. Empty: not at all, where the original is learnt.", { schema: "Distillation", recipe: true, of: "denoiser autoencoder" }],
    ],
  },
  {
    key: "evaluation", schema: "Evaluation", title: "Evaluate", detail: "Draws samples before and after from the same noise, and measures.",
    fields: [
      ["samples", "Samples", "How many pictures to draw from each stage.", { leads: true }],
      ["sampler", "Sampler", "DDIM is smooth in few steps; DDPM needs many.", { of: "denoiser" }],
      ["steps", "Sampling steps", "More is finer and takes as much longer. Empty: 100, or as many as there are timesteps.", { recipe: true, of: "denoiser" }],
      ["eta", "Eta", "Fresh noise of DDIM: 0 has none.", { step: "0.1", of: "denoiser" }],
      ["guidance_scale", "Guidance", "How far samples are moved towards the class or caption that the model is told; 1 is not at all, and half the work.", { step: "any", of: "denoiser" }],
      ["seed", "Seed", "Of the noise that samples begin from."],
      ["metrics", "Judged by", "ssim and mse tell how like the original's the samples are. mind, kid and frechet tell how far each stage's samples are, as a set, from real pictures; they want hundreds of samples. fid is a frechet by the published weights of Inception.", { list: true }],
      ["reference", "Compared with", "The id of a dataset, for mind, kid and frechet, or of statistics, for frechet and fid. Empty: the pictures of this job's own dataset that are held out, 64 at most.", { word: true }],
      ["extractor", "Features by", "The id of an extractor, for mind, kid, frechet and fid. Empty: the middle of the original model.", { word: true }],
      ["keep_samples", "Keep all samples", "The grid shows 64; samples.tar has all of them."],
    ],
  },
];
