"""What a plot shows, read back from its SVG and from its pixels, against the metrics it was made of."""

import json
import math
import re

from chromium import Failure


def close(found, expected, tolerance, what):
    if not (math.isfinite(found) and abs(found - expected) <= tolerance):
        raise Failure(f"{what}: {found} instead of {expected}, more than {tolerance} off")


def equal(found, expected, what):
    if found != expected:
        raise Failure(f"{what}: {found!r} instead of {expected!r}")


def number(text):
    """A tick's text as a number."""
    text = text.replace(",", "").replace("−", "-")
    factor = 1
    for unit, value in (("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)):
        if text.endswith(unit):
            text, factor = text[:-1], value
    return float(text) * factor


class Plot:
    """One figure, found by its title."""

    def __init__(self, page, title):
        self.page = page
        self.title = title
        self.data = page.evaluate(f"""(() => {{
            const figure = [...document.querySelectorAll('figure.plot')].find((one) => one.querySelector('h2, h3').textContent === {json.dumps(title)});
            if (!figure || figure.hidden || figure.closest('[hidden]')) return null;
            const svg = figure.querySelector('svg.drawing');
            const attributes = (element) => Object.fromEntries([...element.attributes].map((one) => [one.name, one.value]));
            const box = svg.getBoundingClientRect();
            return {{
                label: svg.getAttribute('aria-label'), left: box.left + scrollX, top: box.top + scrollY, width: box.width, height: box.height,
                viewBox: svg.getAttribute('viewBox').split(' ').map(Number),
                shapes: [...svg.querySelectorAll('rect, circle, path, line, text')].map((one) => ({{
                    tag: one.tagName, text: one.textContent, ...attributes(one),
                    colour: getComputedStyle(one).fill === 'none' ? getComputedStyle(one).stroke : getComputedStyle(one).fill,
                }})),
            }};
        }})()""")
        if not self.data:
            raise Failure(f"there is no plot {title}")
        # One unit of the drawing is one pixel of the page.
        close(self.data["width"], self.data["viewBox"][2], 1, f"{title}: width")
        close(self.data["height"], self.data["viewBox"][3], 1, f"{title}: height")

    def shapes(self, kind):
        return [shape for shape in self.data["shapes"] if kind in shape.get("class", "").split()]

    def axis(self, name, logarithmic=False):
        """From a pixel to a value, by the written ticks alone."""
        ticks = [(float(shape[name]), number(shape["text"])) for shape in self.data["shapes"] if shape.get("class") == f"tick {name}"]
        if len(ticks) < 2:
            raise Failure(f"{self.title}: {len(ticks)} ticks on the {name} axis")
        # A y tick's text stands 4 pixels below its line.
        ticks = sorted((pixel - (4 if name == "y" else 0), math.log10(value) if logarithmic else value) for pixel, value in ticks)
        (first, low), (last, high) = ticks[0], ticks[-1]
        for pixel, value in ticks:
            close(low + (pixel - first) / (last - first) * (high - low), value, abs(high - low) * 0.006, f"{self.title}: tick on {name}")
        per_pixel = abs((high - low) / (last - first))

        def value(pixel):
            found = low + (pixel - first) / (last - first) * (high - low)
            return 10**found if logarithmic else found

        value.tolerance = (lambda at: at * (10 ** (per_pixel * 1.5) - 1)) if logarithmic else (lambda at: per_pixel * 1.5)
        return value

    def line(self, series):
        """The vertices of a line, in pixels."""
        [path] = [shape for shape in self.data["shapes"] if shape.get("data-series") == series]
        return [tuple(map(float, pair.split(","))) for pair in re.findall(r"[ML]([-\d.]+,[-\d.]+)", path["d"])], path

    def check_line(self, series, points, logarithmic=False):
        x, y = self.axis("x"), self.axis("y", logarithmic)
        found, path = self.line(series)
        equal(len(found), len(points), f"{self.title}: points of {series}")
        for (left, top), (expected_x, expected_y) in zip(found, points):
            close(x(left), expected_x, x.tolerance(expected_x), f"{self.title}: x of {series}")
            close(y(top), expected_y, y.tolerance(expected_y), f"{self.title}: y of {series} at {expected_x}")
        return found, path

    # MARK: pixels

    def colour_at(self, picture, x, y):
        return picture.getpixel((round(self.data["left"] + x), round(self.data["top"] + y)))

    def is_painted(self, picture, x, y, colour, reach=0, tolerance=40):
        """Whether a pixel there, or one near, has a colour."""
        wanted = rgb(colour)
        for dx in range(-reach, reach + 1):
            for dy in range(-reach, reach + 1):
                left, top = round(self.data["left"] + x) + dx, round(self.data["top"] + y) + dy
                if not (0 <= left < picture.width and 0 <= top < picture.height):
                    continue
                if all(abs(a - b) <= tolerance for a, b in zip(picture.getpixel((left, top)), wanted)):
                    return True
        return False

    def check_painted(self, picture, vertices, colour, what, reach=2):
        # In the middle of every piece: a vertex may be under a mark.
        points = [((a + c) / 2, (b + d) / 2) for (a, b), (c, d) in zip(vertices, vertices[1:])]
        missing = [point for point in points if not self.is_painted(picture, *point, colour, reach)]
        # Where two lines cross one hides the other.
        if len(missing) > len(points) * 0.1:
            raise Failure(f"{self.title}: {what} is not painted {colour} at {missing[:5]} ({len(missing)} of {len(points)})")


def rgb(colour):
    return tuple(int(float(part)) for part in re.findall(r"[\d.]+", colour)[:3])


def check_scoring(page, metrics, picture):
    scoring = metrics["scoring"]
    losses = scoring["losses"]
    plot = Plot(page, "Loss per timestep")
    vertices, path = plot.check_line("loss", [(row["timestep"], row["loss"]) for row in losses])
    plot.check_painted(picture, vertices, path["colour"], "the loss")
    x, y = plot.axis("x"), plot.axis("y")
    kept = [row["timestep"] for row in losses if row["kept"]]
    [band] = plot.shapes("band")
    left, width = float(band["x"]), float(band["width"])
    close(x(left), kept[0], x.tolerance(0), "the band begins")
    close(x(left + width), kept[-1], x.tolerance(0), "the band ends")
    middle = (left + width / 2, float(band["y"]) + 3)
    if not plot.is_painted(picture, *middle, band["colour"], 2, 12):
        raise Failure(f"the band is {plot.colour_at(picture, *middle)}, not {band['colour']}")
    [threshold] = plot.shapes("threshold")
    limit = scoring["threshold"] * scoring["max_loss"]
    close(y(float(threshold["y1"])), limit, y.tolerance(limit), "the threshold")
    rejected = [row for row in losses if not row["kept"]]
    equal([int(shape["data-timestep"]) for shape in plot.shapes("rejected")], [row["timestep"] for row in rejected[:1]], "the rejected timestep")
    if f"{len(kept)} of {len(losses)} points count" not in plot.data["label"]:
        raise Failure(f"the plot says {plot.data['label']}")


def check_widths(page, metrics, picture):
    check_bars(page, picture, "Width per layer", "data-group", [(group["name"], group["width"]) for group in metrics["groups"]])


def check_layers(page, metrics, picture):
    check_bars(page, picture, "Error per layer", "data-layer", [(layer["name"], layer["error"]) for layer in metrics["reconstruction"]["layers"]])


def check_bars(page, picture, title, attribute, rows):
    """A bar for each row: all of it before, the filled part after."""
    plot = Plot(page, title)
    before, after = plot.shapes("bar-before"), plot.shapes("bar-after")
    names = [name for name, _ in rows]
    equal([bar[attribute] for bar in before], names, f"{title}: before")
    equal([bar[attribute] for bar in after], names, f"{title}: after")
    longest = max(range(len(rows)), key=lambda index: rows[index][1]["before"])
    scale = float(before[longest]["width"]) / rows[longest][1]["before"]
    labels = [shape["text"] for shape in plot.data["shapes"] if shape["tag"] == "text"]
    for (name, value), whole, part in zip(rows, before, after):
        close(float(whole["width"]), value["before"] * scale, 0.6, f"{name} before")
        close(float(part["width"]), value["after"] * scale, 0.6, f"{name} after")
        middle = float(part["y"]) + 7
        at = float(part["x"]) + float(part["width"]) / 2
        if float(part["width"]) > 3 and not plot.is_painted(picture, at, middle, part["colour"], 0, 8):
            raise Failure(f"{title}, {name}: the part after is not painted")
        if float(whole["width"]) - float(part["width"]) > 3:
            at = float(part["x"]) + (float(part["width"]) + float(whole["width"])) / 2
            if not plot.is_painted(picture, at, middle, whole["colour"], 0, 8):
                raise Failure(f"{title}, {name}: the part before is not painted")
        if name not in labels:
            raise Failure(f"{title}: {name} is not written")


def check_scores(page, metrics, shoot):
    for name in [metrics["groups"][0]["name"], metrics["groups"][len(metrics["groups"]) // 2]["name"], metrics["groups"][-1]["name"]]:
        group = next(group for group in metrics["groups"] if group["name"] == name)
        selector = page.evaluate("'#' + [...document.querySelectorAll('figure.plot')].find((one) => one.querySelector('h3').textContent === 'Scores of a group').querySelector('select').id")
        page.fill(selector, name)
        plot = Plot(page, "Scores of a group")
        picture = shoot()
        x, y = plot.axis("x"), plot.axis("y")
        kept = set(group["kept"])
        scores = group["scores"]
        bars = {kind: plot.shapes(kind) for kind in ("bar-after", "bar-removed")}
        edges = [(float(bar["x"]) - 0.5, float(bar["x"]) + float(bar["width"]) + 0.5) for bar in bars["bar-after"]]
        close(x(edges[0][0]), min(scores), x.tolerance(0), f"{name}: the least score")
        close(x(edges[-1][1]), max(scores), x.tolerance(0), f"{name}: the largest score")
        low, step = min(scores), (max(scores) - min(scores)) / len(edges)
        for kind, belongs in (("bar-after", lambda channel: channel in kept), ("bar-removed", lambda channel: channel not in kept)):
            counts = [0] * len(edges)
            for channel, score in enumerate(scores):
                if belongs(channel):
                    counts[min(len(edges) - 1, int((score - low) / step))] += 1
            for index, bar in enumerate(bars[kind]):
                height = y(float(bar["y"])) - y(float(bar["y"]) + float(bar["height"]))
                close(height, counts[index], max(0.02, y.tolerance(0)), f"{name}: bar {index} of {kind}")
                if counts[index] and float(bar["height"]) > 3:
                    at = (float(bar["x"]) + float(bar["width"]) / 2, float(bar["y"]) + float(bar["height"]) / 2)
                    if not plot.is_painted(picture, *at, bar["colour"], 0, 8):
                        raise Failure(f"{name}: bar {index} of {kind} is not painted")


def smoothed(points, width):
    """The exponential moving average of the page, written again."""
    out, value, weight, previous = [], 0.0, 0.0, None
    for x, y in points:
        keep = 0.0 if previous is None else math.exp(-(x - previous) / width)
        fresh = 1.0 if previous is None else 1 - keep
        value, weight, previous = value * keep + y * fresh, weight * keep + fresh, x
        out.append((x, value / weight))
    return out


def check_finetuning(page, metrics, picture):
    points = [(row["step"], row["loss"]) for row in metrics["finetuning"]["losses"]]
    plot = Plot(page, "Fine-tuning loss")
    values = [loss for _, loss in points]
    high = max(values) + (max(values) - min(values)) * 0.04
    is_logarithmic = high / min(values) > 10
    plot.check_line("loss", points, is_logarithmic)
    line = smoothed(points, max(2, points[-1][0] / 25))
    vertices, path = plot.check_line("smoothed", line, is_logarithmic)
    plot.check_painted(picture, vertices, path["colour"], "the smoothed line")


def check_comparison(page, expected, picture):
    """`expected`: `(id, x, y)` of every point."""
    plot = Plot(page, "Size against quality")
    x, y = plot.axis("x"), plot.axis("y")
    dots = {shape["data-name"]: shape for shape in plot.shapes("dot") + plot.shapes("dot-original")}
    equal(sorted(dots), sorted(name for name, _, _ in expected), "the points")
    for name, size, quality in expected:
        dot = dots[name]
        close(x(float(dot["cx"])), size, x.tolerance(size), f"{name}: size")
        close(y(float(dot["cy"])), quality, y.tolerance(quality), f"{name}: quality")
        if not plot.is_painted(picture, float(dot["cx"]), float(dot["cy"]), dot["colour"], 1, 12):
            raise Failure(f"{name} is not painted")
