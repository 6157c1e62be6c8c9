// Files that were dropped as one tar (POSIX ustar), so that folders need not be packed by hand. The files are not read here:
// a Blob of blobs is sent as it is read from the disk.

const encoder = new TextEncoder();

function put(header, offset, length, text) {
  header.set(encoder.encode(text).subarray(0, length), offset);
}

function octal(value, digits) {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}

/** A name of at most 100 bytes and the folders before it, of at most 155; null for what does not fit. */
function split(path) {
  const size = (text) => encoder.encode(text).length;
  if (size(path) <= 100) return ["", path];
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)];
    if (size(prefix) <= 155 && size(name) <= 100) return [prefix, name];
  }
  return null;
}

function header(path, size) {
  const parts = split(path);
  if (!parts) throw new Error(`the path of ${path.slice(0, 80)}… is too long`);
  if (size >= 8 ** 11) throw new Error(`${path} is larger than 8 GiB`);
  const block = new Uint8Array(512);
  put(block, 0, 100, parts[1]);
  put(block, 100, 8, octal(0o644, 7));
  put(block, 108, 8, octal(0, 7));
  put(block, 116, 8, octal(0, 7));
  put(block, 124, 12, octal(size, 11));
  put(block, 136, 12, octal(0, 11));
  put(block, 148, 8, "        ");
  put(block, 156, 1, "0");
  put(block, 257, 8, "ustar\u000000");
  put(block, 345, 155, parts[0]);
  put(block, 148, 8, `${octal(block.reduce((sum, byte) => sum + byte, 0), 6)} `);
  return block;
}

/** `files`: `{ path, file }`. */
export function tar(files) {
  const parts = [];
  for (const { path, file } of files) parts.push(header(path, file.size), file, new Uint8Array((512 - (file.size % 512)) % 512));
  parts.push(new Uint8Array(1024));
  return new Blob(parts, { type: "application/x-tar" });
}

const isArchive = (name) => /\.(tar|tar\.gz|tgz|zip)$/i.test(name);

/** What to send for what was chosen: an archive as it is, anything else packed. `{ body, name }`. */
export function packed(files) {
  if (files.length === 0) throw new Error("there are no files in it");
  const [first] = files;
  if (files.length === 1 && isArchive(first.path)) return { body: first.file, name: first.path.replace(/\.(tar|tar\.gz|tgz|zip)$/i, "") };
  const folders = new Set(files.map(({ path }) => (path.includes("/") ? path.split("/")[0] : "")));
  const [folder] = folders;
  return { body: tar(files), name: folders.size === 1 && folder ? folder : first.path.replace(/\.[^.]*$/, "") };
}

/** All files of a drop, those in folders too. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ path: file.name, file }));
  const files = [];
  const walk = async (entry, prefix) => {
    const path = prefix + entry.name;
    if (entry.isFile) {
      files.push({ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      // It gives a hundred at a time.
      const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (batch.length === 0) return;
      for (const child of batch) await walk(child, `${path}/`);
    }
  };
  for (const entry of entries) await walk(entry, "");
  return files;
}
