"""Writes inception/: a small network of Inception v3's layout with random weights, and the features that PyTorch finds by it.

inception/legacy.pth        the weights as torch.save wrote them before PyTorch 1.6, as the published file is
inception/golden.safetensors   `colour` of two pictures of 40 x 24, which become larger, `grey` of one of 330 x 310, which becomes smaller; pictures are
                            what pattern() says

    python make_inception_golden.py
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

from inception_model import random_inception

HERE = Path(__file__).parent / "inception"


def pattern(count, channels, height, width):
    n, c, y, x = torch.meshgrid(*[torch.arange(k) for k in (count, channels, height, width)], indexing="ij")
    return (y * (3 + n) + x * (5 + c) + 17 * c + (x * y) % 61 + 40 * n) % 256


if __name__ == "__main__":
    torch.set_num_threads(1)
    HERE.mkdir(exist_ok=True)
    model = random_inception(0, divisor=32, classes=3)
    torch.save(model.state_dict(), HERE / "legacy.pth", _use_new_zipfile_serialization=False)
    with torch.no_grad():
        golden = {
            "colour": model.double()(pattern(2, 3, 40, 24).double() / 255).float(),
            "grey": model(pattern(1, 1, 330, 310).expand(1, 3, 330, 310).double() / 255).float(),
        }
    save_file(golden, HERE / "golden.safetensors", {"made_by": "make_inception_golden.py"})
    print({name: (list(value.shape), value.abs().max().item()) for name, value in golden.items()})
