"""Makes what fuzzing begins with: `python3 seeds.py FOLDER`. Small inputs that are right, of every kind, and the fixtures of the tests."""
import io, pathlib, shutil, sys, zipfile

target = pathlib.Path(sys.argv[1])
fixtures = pathlib.Path(__file__).resolve().parent.parent / "Fixtures"
shutil.rmtree(target, ignore_errors=True)


def seed(fuzzer, number, content):
    folder = target / fuzzer
    folder.mkdir(parents=True, exist_ok=True)
    (folder / str(number)).write_bytes(content.encode() if isinstance(content, str) else content)


def files(fuzzer, *patterns, largest):
    for pattern in patterns:
        for path in sorted(fixtures.glob(pattern)):
            if path.stat().st_size <= largest:
                seed(fuzzer, path.relative_to(fixtures).as_posix().replace("/", "-"), path.read_bytes())


host = "Host: a:80\r\n"
for number, text in enumerate([
    f"GET / HTTP/1.1\r\n{host}\r\n",
    f"GET /v1/jobs/job_1?limit=20&after=a%20b+c HTTP/1.1\r\n{host}Accept: text/event-stream\r\nConnection: close\r\n\r\n",
    f"POST /v1/jobs HTTP/1.1\r\n{host}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}GET / HTTP/1.1\r\n{host}\r\n",
    f"PUT /a HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    f"PUT /a HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n1;a=b;c=\"d\\\"\"\r\na\r\n00A;x\r\n0123456789\r\n0\r\nT: v\r\nU:\r\n\r\n",
    "OPTIONS * HTTP/1.0\r\n\r\n", "GET http://[::1]:8080?a=b HTTP/1.1\r\nHost: [::1]\r\n\r\n",
    f"DELETE /%41%c3%bc/x HTTP/1.1\r\n{host}If-Match: \"a\", W/\"b\"\r\n\r\n\r\nHEAD /b HTTP/1.1\r\n{host}\r\n",
    f"GET / HTTP/1.1\r\n{host}Content-Length: 003\r\nX: \u00fc\ty\r\n\r\nabc",
]):
    seed("request", number, text)

part = 'Content-Disposition: form-data; name="{}"; filename="a b.bin"\r\nContent-Type: text/plain\r\n\r\n'
for number, text in enumerate([
    "multipart/form-data; boundary=XX\n--XX\r\n" + part.format("config") + "{}\r\n--XX\r\n" + part.format("weights") + "abc\r\n--XX--\r\n",
    'multipart/form-data; boundary="a b"\npreamble\r\n--a b  \r\n' + part.format("\\\"q\\\\") + "\r\n--a\r\n\r\r\n--a b--epilogue",
    "multipart/form-data; boundary=X\n--X\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--X\r\nContent-Disposition: form-data; "
    "name=b\r\nA: b\r\n\r\n\r\n\r\n--X\r\nContent-Disposition: form-data; name=c\r\n\r\nc\r\n--X--",
]):
    seed("multipart", number, text)

for number, text in enumerate([
    'form-data; name="weights"; filename="a\\"b"', "multipart/form-data; boundary=abc;; charset=utf-8;", "filename aGVsbG8=,empty,more YQ==",
    "sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "chunked, gzip", "0012345", "[::1]:8080",
    "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:, sha-512=:YQ==:", "localhost:65535", "Content-Digest: sha-256=:YQ==:",
]):
    seed("fields", number, text)

plan = ('{"object":"plan","widths":"free","groups":[{"name":"conv_in","width":{"before":8,"after":6},"members":[{"parameter":'
        '"conv_in.weight","axis":0,"offset":0}],"kept":[0,1,2,3,4,5]}]}')
for number, text in enumerate([
    '{"checkpoint":"ckpt_1","dataset":"data_1","name":"n","metadata":{"a":"b"},"priority":-3,"dtype":"bfloat16","pruning":{"method":'
    '"diff-pruning","ratio":0.3,"widths":"free","threshold":0.05,"timesteps":{"first":0,"last":999,"stride":2},"batch_size":16,"seed":7},'
    '"finetuning":{"steps":10,"batch_size":4,"learning_rate":2e-4,"warmup_steps":1,"optimizer":"soap","weight_decay":0.1,"ema_decay":0.99,"gradient_clip":'
    'null,"flip":false,"seed":1,"unconditional_probability":0.1},"evaluation":{"samples":4,"sampler":"ddpm","steps":10,"eta":0.5,"seed":3,"guidance_scale":2}}',
    '{"checkpoint":"c","pruning":{}}', '{"checkpoint":"c","evaluation":{"sampler":"ddim"}}', '{"checkpoint":"c","finetuning":null}',
    '{"checkpoint":"c","pruning":{"plan":' + plan + "}}", '[1,-0,2.5e-3,"\\u00fc\\ud83d\\ude00\\n",true,false,null,{"a":{},"b":[]}]',
]):
    seed("job", number, text)
    seed("json", number, text)
for number, text in enumerate([
    '{"file_name": "a/1.png", "label": 281, "text": "a \\"cat\\"\\n"}\n\n{"file_name": "./2.png", "label": 0}\r\n',
    '{"file_name":"1.png","label":"tabby"}\n{"file_name":"2.png","label":"\\u00e9"}', '\ufefffile_name,label,text\r\n"a,""1"".png",7,"x\r\ny"\r\n2.png,3,\r\n',
    "label,file_name\nb,1.png\n10,2.png\n", "file_name\n1.png\r2.png\r", "text,file_name\n12\" wide,1.png",
]):
    seed("metadata", number, text)
files("json", "unet/*/config.json", "hostile/*.json", largest=8192)
files("config", "unet/*/config.json", "example/config.json", "ddim/config.json", largest=8192)
for number, text in enumerate([
    '{"_class_name":"DDPMScheduler","beta_end":0.02,"beta_schedule":"linear","beta_start":0.0001,"clip_sample":true,'
    '"num_train_timesteps":1000,"prediction_type":"epsilon","variance_type":"fixed_small"}',
    '{"_class_name":"DDIMScheduler","beta_schedule":"squaredcos_cap_v2","num_train_timesteps":10,"timestep_spacing":"trailing",'
    '"set_alpha_to_one":false,"steps_offset":1,"trained_betas":null}',
]):
    seed("config", f"scheduler-{number}", text)
seed("yaml", 0, """data:
    dataset: "CIFAR10"
    image_size: 32
    channels: 3
    logit_transform: false
model:
    type: "simple"
    in_channels: 3
    out_ch: 3
    ch: 128
    ch_mult: [1, 2, 2, 2]
    num_res_blocks: 2
    attn_resolutions: [16, ]
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
""")
seed("yaml", 1, "a: |\n  text\nb: >-\n  folded\n? c\n: 'd'\ne: {f: [1, 0x1F, 1e3, .inf, ~, null, yes]}\n--- \n")
files("safetensors", "hostile/safetensors-*", "safetensors_formats.safetensors", "ddim/*golden.safetensors", largest=8192)
files("torch", "hostile/*.pt", "hostile/*.bin", largest=20480)
state = (b"\x80\x02}q\x00X\x06\x00\x00\x00weightq\x01ctorch._utils\n_rebuild_tensor_v2\nq\x02((X\x07\x00\x00\x00storageq\x03ctorch\n"
         b"FloatStorage\nq\x04X\x01\x00\x00\x000q\x05X\x03\x00\x00\x00cpuq\x06K\x04tq\x07QK\x00K\x02K\x02\x86q\x08K\x02K\x01\x86q\tccollections\n"
         b"OrderedDict\nq\n)Rq\x0b\x89tq\x0cRq\rs.")
seed("pickle", "plain", state)
small = io.BytesIO()
with zipfile.ZipFile(small, "w") as archive:
    for name, content in [("data.pkl", state), ("byteorder", b"little"), ("data/0", bytes(16)), ("version", b"3\n")]:
        archive.writestr(zipfile.ZipInfo("model/" + name), content)
seed("torch", "plain", small.getvalue())
files("archive", "archives/*", largest=20480)
files("picture", "pictures/*.png", "pictures/*.jpg", "pictures/*.webp", largest=20480)
entry = b"\x01\x12\0\3\0\0\0\1\0\6\0\0"
for number, content in enumerate([
    b"MM\0*\0\0\0\x08\0\1" + entry, b"Exif\0\0II*\0\x08\0\0\0\2\0\x0f\1\2\0\4\0\0\0abc\0\x12\1\4\0\1\0\0\0\3\0\0\0",
    b"MM\0*\0\0\0\x08\0\2" + entry + b"\x01\x12\0\3\0\0\0\3\0\0\0\x22" + b"\0\5\0\0\0\0",
]):
    seed("exif", number, content)
for path in sorted(fixtures.glob("pictures/lossless*.webp")):
    content = path.read_bytes()
    seed("webp", path.name, content[content.index(b"VP8L") + 13:][:8192])

# The pickles alone. Of the larger files too, whose zips are too long to be mutated whole.
for path in sorted(fixtures.glob("hostile/*.pt")) + sorted(fixtures.glob("torch/*")):
    try:
        archive = zipfile.ZipFile(path)
        names = [name for name in archive.namelist() if name.endswith("data.pkl")]
        content = archive.read(names[0]) if names else b""
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        continue
    if 0 < len(content) <= 8192:
        seed("pickle", path.name, content)
