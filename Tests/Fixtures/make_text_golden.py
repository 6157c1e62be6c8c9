"""Writes text/: small CLIP tokenizers of transformers with the ids of captions, and tiny CLIPTextModels with their outputs.

Each folder of text/tokenizers holds what CLIPTokenizer.from_pretrained reads (where a file is not there, it is the one of `base`), and ids.json
has the ids of every caption of captions.json, start and end included, padding left out, cut to 77. Each folder of text/encoders holds a
CLIPTextModel's config.json and weights, and golden.safetensors with `ids`, and `output` = last_hidden_state, computed in float64 and stored as
float32.

    python make_text_golden.py
"""

import collections
import copy
import json
import re
import shutil
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

HERE = Path(__file__).parent / "text"
START, END = "<|startoftext|>", "<|endoftext|>"

TRAINING = """
a photo of a cat. a photograph of an astronaut riding a horse on the moon. the quick brown fox jumps over the lazy dog.
a painting of a small house near the sea, oil on canvas, highly detailed, trending on artstation. it's a dog's life; they're here, we've seen it,
i'm sure you'll like it, he'd say. a red apple and a green pear on a wooden table. portrait of an old man with a long white beard.
two people walking through the rain at night, neon lights, 4k, 8k, 35mm film. ein schöner tag in münchen. un café à la crème, s'il vous plaît.
el niño come una manzana. 猫の写真。 一只猫的照片。 кошка сидит на окне. der apfel fällt nicht weit vom stamm !!! ... --- ??? :-) 🐱🐱 🎨
"""

CAPTIONS = [
    "", " ", "a", "a photo of a cat", "A Photo Of A CAT", "  a\tphoto \n of\r\n a  cat  ", "the cat sat on the mat", "astronautriding",
    # Contractions, and what only looks like one.
    "it's a dog's life", "they're here, we've seen it, I'm sure you'll like it, he'd say", "IT'S", "'sun and 'rest, 'd", "!'s ''s 's's", "it\u2019s",
    "'\u017f", "rock'n'roll 'm'd",
    # Digits and punctuation.
    "35mm film, 4k 8k 2024", "1234567890", "a1b2c3", "3.14159", "½ ² Ⅷ ④ ٣٤ ৩", "hello!", "hello!!! wow?! ...--- :-)", "!", "!!", "a!b", "a ! b", "(a:1.2), [b]", "a_b-c/d\\e|f",
    "<|startoftext|>", "<|endoftext|>", "a <|endoftext|> b", "a<|startoftext|>b", "<|EndOfText|>", "<|endoftext|>!!", "<|endoftext|", "<|endoftext|><|endoftext|>",
    "< |endoftext|>", "<|startoftext|>!! a <|STARTOFTEXT|>!!",
    # Letters with marks, composed or not, and letters whose small form is longer.
    "café", "cafe\u0301", "CAFÉ À LA CRÈME", "schöner Tag in MÜNCHEN", "Ångström \u212b \u212a", "İstanbul Iı", "ΟΔΥΣΣΕΥΣ σς", "ǅ ǈ ẞ ß ﬁ", "\u1e9b\u0323", "a\u0301\u0316\u0345\u0323\u0f73\u0300\u05b0 \u0f81\u0f72 \u0344\u0316", "q\u0323\u0307 q\u0307\u0323",
    "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab", "हिन्दी में बिल्ली", "ไทยแมว", "العَرَبِيَّة قطة", "עִבְרִית",
    # Other scripts and signs.
    "猫の写真。", "一只猫的照片", "Кошка сидит НА окне", "𝒜 𝔘 𐐀𐐨", "🐱", "🐱🐱 🎨a", "👩‍👩‍👧 👍🏽 🇩🇪", "a\ufe0f❤\ufe0f", "™ © ® € £ ¥ § ° µ", "“quotes” – dashes — …", "ﷺ",
    # Space of all kinds, and what is none.
    "a\u00a0b\u2003c\u3000d\u2028e\u2029f\u0085g\u1680h", "a\u200bb\u200dc\ufeffd\u180ee\u2060f", "a\x00b\x01c\x7fd\x1ce\x1ff", "\x0b\x0ca\x0b", "\ufffd \uffff \U0010ffff \ue000",
    "\u0300\u0301 a", "a \u0300b",
    # Long ones.
    "a " * 74 + "b", "a " * 75 + "b", "photo " * 200, "x" * 300, "catdog" * 60, "aaaaaaaaaaaaaaaaaaaaaaaa", "ababababababab bababab", "ü" * 100, "🐱" * 60, "." * 200, "1" * 100,
    "cat <|endoftext|> " * 60, "<cat-toy>", "a <cat-toy> on a <CAT-TOY>s", "my<cat-toy>", "<cat-toy-2> <cat-toy", "Sks SKS sks sksy", "new  york New York",
]


def byte_letters():
    """The letter that stands for each byte (GPT-2's bytes_to_unicode)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + index) for index, byte in enumerate(others)}


LETTERS = byte_letters()


def trained(count):
    """Merges of the training text's most frequent pairs, the earliest of equals first."""
    words = collections.Counter(re.findall(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|[^\s\w]+", TRAINING.lower()))
    spelled = {word: [LETTERS[byte] for byte in word.encode()] for word in words}
    for letters in spelled.values():
        letters[-1] += "</w>"
    merges = []
    for _ in range(count):
        pairs = collections.Counter()
        for word, letters in spelled.items():
            for pair in zip(letters, letters[1:]):
                pairs[pair] += words[word]
        best = max(sorted(pairs), key=pairs.get)
        merges.append(best)
        for word, letters in spelled.items():
            merged = []
            for letter in letters:
                if merged and (merged[-1], letter) == best:
                    merged[-1] += letter
                else:
                    merged.append(letter)
            spelled[word] = merged
    return merges


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) + "\n")


def token(content, normalized, **other):
    return {"__type": "AddedToken", "content": content, "lstrip": False, "normalized": normalized, "rstrip": False, "single_word": False} | other


def tokenizers():
    folder = HERE / "tokenizers"
    merges = trained(300)
    letters = list(LETTERS.values())
    words = letters + [letter + "</w>" for letter in letters] + ["".join(merge) for merge in merges] + [START, END]
    vocabulary = {word: index for index, word in enumerate(words)}
    assert len(vocabulary) == len(words)
    lines = "#version: 0.2\n" + "".join(" ".join(merge) + "\n" for merge in merges)
    write(folder / "base/vocab.json", vocabulary)
    write(folder / "base/merges.txt", lines)

    # As Stable Diffusion 1 and 2 are published.
    named = {"bos_token": token(START, True), "eos_token": token(END, True), "unk_token": token(END, True)}
    plain = {key: {name: part for name, part in value.items() if name != "__type"} for key, value in named.items()}
    common = {"add_prefix_space": False, "do_lower_case": True, "errors": "replace", "model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
    write(folder / "sd1/tokenizer_config.json", common | named | {"pad_token": END})
    write(folder / "sd1/special_tokens_map.json", plain | {"pad_token": END})
    write(folder / "sd2/tokenizer_config.json", common | named | {"pad_token": "<|endoftext|>"})
    write(folder / "sd2/special_tokens_map.json", plain | {"pad_token": "!"})
    # With tokens of its own, as textual inversion leaves them, in either of the files that tell of them.
    unmarked = {"lstrip": False, "rstrip": False, "single_word": False}
    write(folder / "added/tokenizer_config.json", common | named | {"pad_token": "!", "added_tokens_decoder": {
        "0": {"content": "!", "normalized": False, "special": True} | unmarked,
        str(len(words) - 2): {"content": START, "normalized": True, "special": True} | unmarked,
        str(len(words) - 1): {"content": END, "normalized": True, "special": True} | unmarked,
        "2000": {"content": "<cat-toy>", "normalized": True, "special": False} | unmarked,
        "2001": {"content": "<cat-toy-2>", "normalized": False, "special": False} | unmarked,
        "2002": {"content": "Sks", "normalized": False, "special": False, "rstrip": True, "lstrip": True, "single_word": False},
        "2003": {"content": "New York", "normalized": True, "special": False} | unmarked,
    }})
    write(folder / "legacy/added_tokens.json", {"<cat-toy>": len(words), "Sks": len(words) + 1})
    write(folder / "legacy/special_tokens_map.json", {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END, "additional_special_tokens": ["new york"]})
    # A vocabulary that has not every byte: the others are the unknown token.
    few = {word: index for index, word in enumerate(sorted(word for word in words if re.fullmatch(r"[a-r]+(</w>)?", word)) + ["<unk>", START, END])}
    write(folder / "few/vocab.json", few)
    write(folder / "few/merges.txt", "#version: 0.2\n" + "".join(" ".join(merge) + "\n" for merge in merges if "".join(merge) in few))
    write(folder / "few/special_tokens_map.json", {"bos_token": START, "eos_token": END, "unk_token": "<unk>", "pad_token": END})

    write(HERE / "captions.json", CAPTIONS)
    for name in ["base", "sd1", "sd2", "added", "legacy", "few", "saved"]:
        with tempfile.TemporaryDirectory() as made:
            shutil.copytree(folder / "base", made, dirs_exist_ok=True)
            if name == "saved":  # as transformers writes them today: tokenizer.json in place of vocabulary and merges
                CLIPTokenizer.from_pretrained(made, pad_token="!", model_max_length=77).save_pretrained(folder / "saved")
            else:
                shutil.copytree(folder / name, made, dirs_exist_ok=True)
            tokenizer = CLIPTokenizer.from_pretrained(folder / "saved" if name == "saved" else made)
        ids = [tokenizer(caption, truncation=True, max_length=77).input_ids for caption in CAPTIONS]
        for caption, found in zip(CAPTIONS, ids):
            padded = tokenizer(caption, padding="max_length", truncation=True, max_length=77).input_ids
            assert padded == found + [tokenizer.pad_token_id] * (77 - len(found))
        write(folder / name / "ids.json", {"pad": tokenizer.pad_token_id, "ids": ids})


def randomised(model, seed):
    """Weights far from those of a constructor, so that nothing is trivially small, 1 or 0."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim <= 1:
                parameter += 0.3 * noise
            else:
                parameter.copy_(noise if "embedding" in name else noise * parameter.shape[-1] ** -0.5)
    return model.eval()


def write_golden(folder, text_model, ids):
    with torch.no_grad():
        output = copy.deepcopy(text_model).double()(input_ids=ids).last_hidden_state
    save_file({"ids": ids.float(), "output": output.float()}, folder / "golden.safetensors", {"format": "pt"})


def encoders():
    sizes = {"max_position_embeddings": 77, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}

    # As transformers writes a text encoder today; the ids are those of some captions by the tokenizer sd1.
    folder = HERE / "encoders/quick"
    vocabulary = len(json.loads((HERE / "tokenizers/base/vocab.json").read_text()))
    config = CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=24, intermediate_size=40, num_hidden_layers=3, num_attention_heads=3, hidden_act="quick_gelu", **sizes)
    model = randomised(CLIPTextModel(config), 1)
    model.save_pretrained(folder)
    with tempfile.TemporaryDirectory() as made:
        for name in ["base", "sd1"]:
            shutil.copytree(HERE / "tokenizers" / name, made, dirs_exist_ok=True)
        tokenizer = CLIPTokenizer.from_pretrained(made)
    some = ["", "a photo of a cat", "x" * 300]
    write_golden(folder, model, tokenizer(some, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids)

    # As older ones are published: a file of torch.save, half precision, with the prefix and a buffer that is none any more.
    folder = HERE / "encoders/gelu"
    config = CLIPTextConfig(
        vocab_size=60, hidden_size=20, intermediate_size=33, num_hidden_layers=2, num_attention_heads=2, hidden_act="gelu", layer_norm_eps=1e-3, **sizes)
    config.architectures = ["CLIPTextModelWithProjection"]
    model = randomised(CLIPTextModelWithProjection(config), 2).half()
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    torch.save(dict(model.state_dict()) | {"text_model.embeddings.position_ids": torch.arange(77)[None]}, folder / "pytorch_model.bin")
    ids = torch.randint(0, 60, (2, 77), generator=torch.Generator().manual_seed(3))
    write_golden(folder, model.text_model, ids)

    # A whole CLIP model, pictures' half included.
    folder = HERE / "encoders/whole"
    vision = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "image_size": 4, "patch_size": 2}
    text = {"vocab_size": 40, "hidden_size": 12, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 4} | sizes
    model = randomised(CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)), 4)
    model.save_pretrained(folder)
    write_golden(folder, model.text_model, torch.randint(0, 40, (2, 77), generator=torch.Generator().manual_seed(5)))


if __name__ == "__main__":
    tokenizers()
    encoders()
