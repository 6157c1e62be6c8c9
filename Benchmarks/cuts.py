"""Cuts networks to targets and prints what was foretold beside what was measured: see cuts.sh."""

import json
import statistics
import sys

import quality_networks
from client import Client
from quality import numbers


def ranks(values):
    """The place of each value in ascending order; equal ones share theirs."""
    ordered = sorted(values)
    return [(ordered.index(value) + len(ordered) - 1 - ordered[::-1].index(value)) / 2 for value in values]


def rank_correlation(one, other):
    """Spearman's; None of fewer than three."""
    return statistics.correlation(ranks(one), ranks(other)) if len(one) > 2 else None


def body(widths, allocation, share, steps, seed):
    request = {
        "recipe": "best", "evaluation": {"samples": 16, "steps": 50},
        "pruning": {"target": {"macs": {"fraction": share}}, "widths": widths, "allocation": allocation, "timesteps": {"stride": 10}, "seed": seed}}
    if steps > 0:
        request["finetuning"] = {"steps": steps, "seed": seed}
    return request


def row(network, widths, allocation, share, steps, seed, dry, metrics):
    evaluation = metrics["evaluation"]
    seconds, size = evaluation["seconds_per_sample"], metrics["size"] | {"predicted": dry["size"]["after"]}
    loss = evaluation["loss"]
    return {
        "network": network, "widths": widths, "allocation": allocation, "share": share, "steps": steps, "seed": seed,
        "macs": metrics["macs"]["after"] / metrics["macs"]["before"], "rise": loss["after"] / loss["before"] - 1,
        "prediction": predicted(metrics), "loss": loss, "left_out": metrics.get("left_out"), "seconds": seconds, "size": size}


def predicted(metrics):
    """What was foretold: the share of importance that goes, and the rise of the loss by what the reconstruction's samples tell."""
    found = dict(metrics.get("prediction") or {})
    added = (metrics.get("reconstruction") or {}).get("loss_added")
    if added is not None:
        found["loss_increase"] = added / metrics["evaluation"]["loss"]["before"]
    return found


def shown(row):
    predicted, seconds = row["prediction"] or {}, row["seconds"]

    def number(value, form="{:.3f}"):
        return "" if value is None else form.format(value)

    return (
        f"| {row['network']} | {row['widths']}, {row['allocation']} | {row['steps']} | {row['seed']} | {row['macs']:.3f} "
        f"| {number(predicted.get('importance_lost'))} | {number(predicted.get('loss_increase'))} | {row['rise']:.3f} "
        f"| {number(seconds.get('predicted'), '{:.4f}')} | {seconds['after']:.4f} "
        f"| {row['size']['predicted']} | {row['size']['after']} |")


def main():
    client = Client(sys.argv[1])
    rows = []
    print(
        "| network | cut | steps | seed | multiply-accumulates left | importance lost | rise of the loss, predicted | measured "
        "| seconds per sample, predicted | measured | bytes, predicted | measured |\n" + "|---" * 12 + "|", flush=True)
    with open("cuts.jsonl", "a") as lines:
        for network in numbers("NETWORKS", " ".join(quality_networks.NAMES), str):
            model, pictures = quality_networks.trained(client, network)
            checkpoint = client.upload("checkpoints", network, model)["id"]
            dataset = client.upload("datasets", network, pictures)["id"]
            for seed in numbers("SEEDS", "0", int):
                for widths in numbers("WIDTHS", "free diffusers", str):
                    for share in numbers("MACS", "0.8 0.65 0.5 0.35", float):
                        for allocation in ("uniform", "global"):
                            for steps in numbers("STEPS", "0", int):
                                request = body(widths, allocation, share, steps, seed)
                                request |= {"checkpoint": checkpoint, "dataset": dataset}
                                dry = client.post("/v1/jobs?dry_run=true", request)
                                _, metrics = client.run(**request)
                                rows.append(row(network, widths, allocation, share, steps, seed, dry, metrics))
                                lines.write(json.dumps(rows[-1]) + "\n")
                                lines.flush()
                                print(shown(rows[-1]), flush=True)
            told = [row for row in rows if row["network"] == network and row["steps"] == 0 and row["prediction"]]
            for name in ("importance_lost", "loss_increase"):
                known = [row for row in told if row["prediction"].get(name) is not None]
                found = rank_correlation([row["prediction"][name] for row in known], [row["rise"] for row in known])
                if found is not None:
                    print(f"{network}: rank correlation of {name} and the rise of the loss over {len(known)} cuts: {found:.3f}", flush=True)


if __name__ == "__main__":
    main()
