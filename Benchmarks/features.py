"""PyTorch's half of Benchmarks/features.sh: writes weights, or times features of pictures by them; one JSON line.

    features.py write FILE
    features.py time FILE PICTURES STEPS contiguous|channels_last
"""

import json
import resource
import sys
import time

import torch

from inception_model import Inception, random_inception


def main():
    verb, path = sys.argv[1:3]
    if verb == "write":
        return torch.save(random_inception(0).state_dict(), path, _use_new_zipfile_serialization=False)
    count, steps, way = int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    model = Inception()
    model.load_state_dict(torch.load(path))
    model.eval()
    pictures = torch.randint(0, 256, (count, 3, 32, 32), generator=torch.Generator().manual_seed(0)) / 255
    if way == "channels_last":
        model, pictures = model.to(memory_format=torch.channels_last), pictures.to(memory_format=torch.channels_last)
    times = []
    with torch.inference_mode():
        for _ in range(1 + steps):
            start = time.perf_counter()
            for part in pictures.split(16):
                model(part)
            times.append(time.perf_counter() - start)
    print(json.dumps({"seconds_per_step": min(times[1:]), "way": way, "torch": torch.__version__,
                      "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


main()
