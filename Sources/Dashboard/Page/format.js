// Numbers, sizes and times as people read them.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 35746307 → "35,746,307". */
export function count(value) {
  return Number.isFinite(value) ? whole.format(value) : "–";
}

/** 35746307 → "35.7 M". */
export function short(value) {
  if (!Number.isFinite(value)) return "–";
  for (const [factor, unit] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (Math.abs(value) >= factor) return `${significant(value / factor)} ${unit}`;
  }
  return significant(value);
}

/** Three digits that count. */
export function significant(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(digits - 1).replace("e+", "e");
  return String(Number(value.toPrecision(Math.max(digits, Math.ceil(Math.log10(size))))));
}

/** Bytes: 144000000 → "137 MiB". */
export function bytes(value) {
  if (!Number.isFinite(value)) return "–";
  for (const [factor, unit] of [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]]) {
    if (value >= factor) return `${significant(value / factor)} ${unit}`;
  }
  return `${value} B`;
}

/** Seconds: 3725 → "1 h 2 min". */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 1) return `${significant(seconds, 2)} s`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

/** An RFC 3339 time in the reader's own. */
export function time(text) {
  if (!text) return "–";
  return new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** A share, whole only where all is: 0.4399 → "43 %". */
export function percents(share) {
  return `${Math.floor(share * 100)} %`;
}

/** A share of something in per cent, to a tenth: 0.125 → "12.5 %". */
export function share(value) {
  return `${Number((100 * value).toFixed(1))} %`;
}

/** How much less: (100, 60) → "−40 %". */
export function change(before, after) {
  if (!Number.isFinite(before) || !Number.isFinite(after) || before === 0) return "–";
  const percent = (after / before - 1) * 100;
  if (Math.abs(percent) < 0.05) return "same";
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(1)} %`;
}

/** What a job is called. */
export function jobName(job) {
  return job.name || job.id;
}
