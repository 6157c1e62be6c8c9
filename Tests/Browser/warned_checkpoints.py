"""Checkpoints that are taken with a warning. Each is a row: its name, the warnings that it is there for, its files, and what the upload says."""

import json
import os

from packing import Tensor, read_safetensors, read_torch, safetensors, untar

FIXTURES = os.path.abspath("Tests/Fixtures")
CONFIG, WEIGHTS = "unet/config.json", "unet/diffusion_pytorch_model.safetensors"
SCHEDULER, INDEX = "scheduler/scheduler_config.json", "model_index.json"
# Tokens of the text-conditional ones, as wide as Stable Diffusion 1 has them: their pictures bring them along.
TOKENS = 768
# Weights are drawn where none are sent.
RANDOM = "&init=random&seed=0"


def fixture(path):
    with open(f"{FIXTURES}/{path}", "rb") as file:
        return file.read()


def document(path):
    return json.loads(fixture(path))


def pipeline(changes=None):
    """A good pipeline of pictures of 8 by 8, but for what is changed in it, or left out where it is None."""
    index = {"_class_name": "DDPMPipeline", "scheduler": ["diffusers", "DDPMScheduler"], "unet": ["diffusers", "UNet2DModel"]}
    files = {
        INDEX: json.dumps(index), SCHEDULER: json.dumps({"_class_name": "DDPMScheduler", "num_train_timesteps": 1000}),
        CONFIG: fixture("unet/ldm/config.json"), WEIGHTS: fixture("unet/ldm/weights.safetensors")} | (changes or {})
    return {path: data for path, data in files.items() if data is not None}


def config(path="unet/ldm/config.json", **changes):
    """The configuration with other values, without those that are None."""
    return json.dumps({key: value for key, value in (document(path) | changes).items() if value is not None})


def scheduler(name, **values):
    return json.dumps({"_class_name": name, "num_train_timesteps": 1000} | values)


def stable(changes=None):
    """Stable Diffusion in small: latents of half a picture's side, captions by a text encoder."""
    parts = {
        "unet": "UNet2DConditionModel", "vae": "AutoencoderKL", "text_encoder": "CLIPTextModel", "tokenizer": "CLIPTokenizer",
        "scheduler": "DDIMScheduler"}
    index = {name: ["transformers" if part.startswith("CLIP") else "diffusers", part] for name, part in parts.items()}
    files = {
        INDEX: json.dumps(index | {"_class_name": "StableDiffusionPipeline"}), SCHEDULER: scheduler("DDIMScheduler"),
        CONFIG: fixture("condition/sd1/config.json"), WEIGHTS: fixture("condition/sd1/weights.safetensors"),
        "vae/config.json": fixture("autoencoder/kl/config.json"),
        "vae/diffusion_pytorch_model.safetensors": fixture("autoencoder/kl/weights.safetensors"),
        "text_encoder/config.json": fixture("text/encoders/quick/config.json"),
        "text_encoder/model.safetensors": fixture("text/encoders/quick/model.safetensors"),
        "tokenizer/vocab.json": fixture("text/tokenizers/base/vocab.json"),
        "tokenizer/merges.txt": fixture("text/tokenizers/base/merges.txt")}
    return files | (changes or {})


def text_encoder(width):
    """OpenCLIP's, of two layers and a handful of words; the last layer needs its name alone, as it is not read."""
    layer = "cond_stage_model.model.transformer.resblocks"
    shapes = {
        "cond_stage_model.model.token_embedding.weight": [8, width], "cond_stage_model.model.positional_embedding": [77, width],
        "cond_stage_model.model.ln_final.weight": [width], "cond_stage_model.model.ln_final.bias": [width],
        f"{layer}.0.attn.in_proj_weight": [3 * width, width], f"{layer}.0.attn.in_proj_bias": [3 * width],
        f"{layer}.0.attn.out_proj.weight": [width, width], f"{layer}.0.attn.out_proj.bias": [width],
        f"{layer}.0.mlp.c_fc.weight": [64, width], f"{layer}.0.mlp.c_fc.bias": [64],
        f"{layer}.0.mlp.c_proj.weight": [width, 64], f"{layer}.0.mlp.c_proj.bias": [width]}
    shapes |= {f"{layer}.{number}.{norm}.{part}": [width] for number, norm, part in (
        (0, "ln_1", "weight"), (0, "ln_1", "bias"), (0, "ln_2", "weight"), (0, "ln_2", "bias"), (1, "ln_1", "weight"))}
    return {name: Tensor("F16", shape) for name, shape in shapes.items()}


def told_texts(tensors):
    """CompVis' network in small, which knows classes, as one that is told tokens of Stable Diffusion 1's width; without moving averages."""
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith(("model_ema.", "cond_stage_model."))}
    keys = ("attn2.to_k.weight", "attn2.to_v.weight")
    return kept | {name: Tensor("F16", [tensor.shape[0], TOKENS]) for name, tensor in kept.items() if name.endswith(keys)}


def checkpoints(known):
    """The rows. `known` is filled with the identifiers by name while they are gone through."""
    whole = read_safetensors(fixture("unet/ldm/weights.safetensors"))
    first = next(iter(whole))
    halves = {name: tensor.of("F16") if len(tensor.shape) == 4 else tensor for name, tensor in whole.items()}
    doubles = {name: tensor.of("F64") for name, tensor in whole.items()}
    broken = whole | {first: whole[first].of("F32", [float("nan"), *whole[first].numbers()[1:]])}
    classes = untar(fixture("compvis/class.tar.gz"))
    compvis = read_torch(classes["model.ckpt"])
    texts = told_texts(compvis)
    odd = {name: tensor for name, tensor in compvis.items() if not name.startswith(("model_ema.", "cond_stage_model."))} | {
        "cond_stage_model.norm.weight": Tensor("F16", [16])}
    three = config("condition/sd1/config.json", in_channels=3, out_channels=3, cross_attention_dim=TOKENS)

    yield "pipeline", [], pipeline(), ""
    # Files that are no part of one, or not as they are expected.
    yield ("cloned", ["files_left_out", "hidden_files_left_out", "scripts_left_out", "pickles_carried", "network_left_out", "paths_removed",
                      "index_replaced"],
           pipeline({
               "loss.log": "0.1", ".git/config": "[remote]", "train.py": "import os", "safety_checker/config.json": "{}",
               "safety_checker/pytorch_model.bin": "weights", "unet_ema/config.json": config(), INDEX: "{broken",
               "unet_ema/diffusion_pytorch_model.safetensors": safetensors(whole), CONFIG: config(_name_or_path="/home/me/unet")}), "")
    # Several to choose from.
    yield "variant", ["variant_taken"], pipeline({WEIGHTS: None, WEIGHTS.replace(".saf", ".fp16.saf"): safetensors(whole)}), ""
    yield "two weights", ["weights_taken"], pipeline({"unet/model.safetensors": safetensors(whole)}), ""
    yield "two configurations", ["configuration_taken"], pipeline({"config.json": "{}"}), ""
    yield "lent", ["parts_lent"], {"model.safetensors": safetensors(whole)}, f"&config={known['pipeline']}"
    yield "sized", ["sample_size_taken"], pipeline({CONFIG: config(sample_size=None)}), "&sample_size=8"
    yield "averages", ["averages_taken", "weights_found"], classes, ""
    # What is not told.
    yield ("bare", ["assumed_schedule", "assumed_class", "weights_not_finite"],
           {"config.json": config(_class_name=None), "model.safetensors": safetensors(broken)}, "")
    yield ("texts", ["assumed_settings", "schedule_taken", "layer_left_out", "no_tokenizer", "tensors_left_out"],
           {"model.safetensors": safetensors(texts | text_encoder(TOKENS) | {"loss.weight": Tensor("F16", [2])}),
            "scheduler_config.json": scheduler("DDIMScheduler")}, "&sample_size=8")
    yield "odd condition", ["condition_left_out"], {"config.yaml": classes["config.yaml"], "model.safetensors": safetensors(odd)}, ""
    yield "pixels", ["assumed_pixels", "sampler_not_run"], {"config.json": three, "scheduler_config.json": scheduler("PNDMScheduler")}, RANDOM
    yield "latents", ["no_autoencoder"], pipeline({INDEX: json.dumps({"_class_name": "LDMPipeline"})}), ""
    yield ("odd autoencoder", ["autoencoder_not_run"],
           stable({"vae/config.json": json.dumps({"_class_name": "AutoencoderTiny"})}), "")
    yield ("two halves", ["mask_not_run"], {"config.json": json.dumps({
        "_class_name": "AsymmetricAutoencoderKL", "down_block_out_channels": [32], "up_block_out_channels": [64], "sample_size": 8})}, RANDOM)
    yield "flow", ["no_betas"], pipeline({SCHEDULER: scheduler("FlowMatchEulerDiscreteScheduler")}), ""
    yield "table", ["timestep_table"], {"config.json": config(time_embedding_type="learned", num_train_timesteps=1000)}, RANDOM
    yield "keys", ["unknown_key", "unusual_key"], pipeline({CONFIG: config(add_attention=[True], dropuot=0.1)}), ""
    # Numbers and their names.
    yield "wrapped", ["prefix_taken_off"], pipeline({WEIGHTS: safetensors({f"module.{name}": tensor for name, tensor in whole.items()})}), ""
    yield "mixed", ["formats_mixed"], pipeline({WEIGHTS: safetensors(halves)}), ""
    yield "doubles", ["weights_converted"], pipeline({WEIGHTS: safetensors(doubles)}), ""
    # For a cut of its decoder.
    yield ("both halves", [], {"config.json": json.dumps({
        "_class_name": "AutoencoderKL", "block_out_channels": [16, 64], "norm_num_groups": 8, "layers_per_block": 1, "sample_size": 8,
        "down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2})}, RANDOM)
    # For jobs that know captions.
    yield "stable", [], stable(), ""
