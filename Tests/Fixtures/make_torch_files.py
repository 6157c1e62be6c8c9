"""Writes torch/ and ddim/: files of torch.save, and what they hold, for the engine to read.

torch/plain.bin     unet/oblong's weights as torch.save writes a state dict
torch/views.pt      tensors of every kind of view and format; torch/views.json has their numbers
torch/protocol4.pt  the same by pickle protocol 4
torch/legacy.pt     the same as PyTorch wrote it before 1.6
ddim/ckpt.pth       [model, optimizer, epoch, step, ema] of a small DDIM model, as its training saves; ddim/config.json is diffusers' config
ddim/golden.safetensors   `sample`, `timesteps` and the ema model's `output`
ddim/model.tar.gz   config.yml and the weights of another one as published, of 32 groups; its weights are multiples of 1/32, which compress
ddim/yaml_golden.safetensors

    python make_torch_files.py
"""

import copy
import gzip
import io
import json
import tarfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from ddim_model import DDIM

HERE = Path(__file__).parent
CONFIG = """# as configs/cifar10.yml of the DDIM code base
data:
    dataset: "CIFAR10"
    image_size: 4
    channels: 3
    logit_transform: false
    uniform_dequantization: false
    gaussian_dequantization: false
    random_flip: true
    rescaled: true
    num_workers: 4

model:
    type: "simple"
    in_channels: 3
    out_ch: 3
    ch: 32
    ch_mult: [1, 2]
    num_res_blocks: 1
    attn_resolutions: [2, ]
    dropout: 0.1
    var_type: fixedlarge
    ema_rate: 0.9999
    ema: True
    resamp_with_conv: True

diffusion:
    beta_schedule: linear
    beta_start: 0.0001
    beta_end: 0.02
    num_diffusion_timesteps: 1000

training:
    batch_size: 128
    n_epochs: 10000

optim:
    lr: 0.0002
    eps: 0.00000001
"""


def views():
    base = torch.arange(24, dtype=torch.float32)
    image = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(1)).to(memory_format=torch.channels_last)
    tensors = {
        "plain": base.reshape(2, 3, 4).clone(), "transposed": base.reshape(4, 6).clone().t(), "channels_last": image,
        "slice": base[5:17:3], "shared": base[2:6], "expanded": torch.tensor([1.5, -2.5]).unsqueeze(1).expand(2, 3),
        "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3), "permuted": base.clone().reshape(2, 3, 4).permute(2, 0, 1),
        "parameter": torch.nn.Parameter(torch.tensor([0.25, 4.0])), "column": base.reshape(6, 4)[:, 1:2],
        "large": (torch.arange(300 * 200) % 251).float().reshape(300, 200).t().to(torch.float16),
    }
    for name in ("float16", "bfloat16", "float64"):
        tensors[name] = torch.tensor([1 / 3, -65504.0, 1e-5, 0.0]).to(getattr(torch, name))
    expected = {name: {"shape": list(t.shape), "values": t.detach().double().flatten().tolist()} for name, t in tensors.items()}
    # Its numbers follow from a formula; listing them would make the file large.
    del expected["large"]
    return tensors, expected


def randomised(model, seed, step=None):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim == 1:
                parameter += 0.2 * noise
            if step:
                # A few distinct values, so that the fixture compresses.
                scale = (parameter.std() / step).ceil() * step
                parameter.copy_((parameter / scale).round().clamp(-1, 1) * scale)
    return model.eval()


def golden(model, path, size, seed):
    generator = torch.Generator().manual_seed(seed)
    sample = torch.randn(2, 3, size, size, generator=generator)
    timesteps = torch.tensor([737, 4])
    with torch.no_grad():
        output = copy.deepcopy(model).double()(sample.double(), timesteps).float()
        print(f"{path.name}: float32 off by {(model(sample, timesteps) - output).abs().max() / output.abs().max():.1e}")
    save_file({"sample": sample, "timesteps": timesteps.float(), "output": output}, path, {"made_by": "make_torch_files.py"})


def training_checkpoint():
    options = dict(ch=4, ch_mult=[1, 2], num_res_blocks=1, attn_resolutions=[4], image_size=8, groups=2)
    torch.manual_seed(0)
    model = randomised(DDIM(**options), 10)
    ema = randomised(DDIM(**options), 20)
    optimizer = torch.optim.Adam([next(model.parameters())], lr=2e-4)
    next(model.parameters()).grad = torch.ones_like(next(model.parameters()))
    optimizer.step()
    # In that code base the model is wrapped in DataParallel; the average's helper unwraps it.
    states = [{f"module.{k}": v for k, v in model.state_dict().items()}, optimizer.state_dict(), 3, 4000,
              {k: v.data.clone() for k, v in ema.named_parameters()}]
    torch.save(states, HERE / "ddim" / "ckpt.pth")
    config = {
        "_class_name": "UNet2DModel", "act_fn": "silu", "attention_head_dim": None, "block_out_channels": [4, 8],
        "center_input_sample": False, "down_block_types": ["DownBlock2D", "AttnDownBlock2D"], "downsample_padding": 0,
        "flip_sin_to_cos": False, "freq_shift": 1, "in_channels": 3, "layers_per_block": 1, "mid_block_scale_factor": 1,
        "norm_eps": 1e-06, "norm_num_groups": 2, "out_channels": 3, "sample_size": 8, "time_embedding_type": "positional",
        "up_block_types": ["AttnUpBlock2D", "UpBlock2D"]}
    (HERE / "ddim" / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    golden(ema, HERE / "ddim" / "golden.safetensors", 8, 30)


def published_checkpoint():
    torch.manual_seed(1)
    model = randomised(DDIM(ch=32, ch_mult=[1, 2], num_res_blocks=1, attn_resolutions=[2], image_size=4), 40, step=1 / 32)
    weights = io.BytesIO()
    torch.save(model.state_dict(), weights)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in [("config.yml", CONFIG.encode()), ("model-790000.ckpt", weights.getvalue())]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    (HERE / "ddim" / "model.tar.gz").write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    golden(model, HERE / "ddim" / "yaml_golden.safetensors", 4, 50)


if __name__ == "__main__":
    torch.set_num_threads(1)
    (HERE / "torch").mkdir(exist_ok=True)
    (HERE / "ddim").mkdir(exist_ok=True)
    torch.save(load_file(HERE / "unet" / "oblong" / "weights.safetensors"), HERE / "torch" / "plain.bin")
    tensors, expected = views()
    torch.save(tensors, HERE / "torch" / "views.pt")
    torch.save(tensors, HERE / "torch" / "protocol4.pt", pickle_protocol=4)
    torch.save(tensors, HERE / "torch" / "legacy.pt", _use_new_zipfile_serialization=False)
    (HERE / "torch" / "views.json").write_text(json.dumps(expected) + "\n")
    training_checkpoint()
    published_checkpoint()
