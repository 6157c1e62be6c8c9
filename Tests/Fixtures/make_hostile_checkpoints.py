"""Writes hostile/: malicious and malformed weights files, and hostile/cases.json, which says what must become of each.

The cases are those that picklescan's tests, fickling's tests, safetensors' attacks and tests, and reports on torch.load describe, put
together from their opcodes: nothing here needs the modules it names, and nothing is ever unpickled. Standard library only.

    python3 make_hostile_checkpoints.py
"""

import json
import struct
import zlib
from pathlib import Path

HERE = Path(__file__).parent / "hostile"
CASES = []


def case(name, data, expected, reason=""):
    """`expected` is "loads" (as plain tensors) or "refused", with `reason` in the refusal's text."""
    (HERE / name).write_bytes(data)
    CASES.append({"file": name, "expected": expected, "reason": reason})


# Pickles ----------------------------------------------------------------------------------------------------------------------------

def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return b"X" + struct.pack("<I", len(value)) + value


def short(value):
    return b"\x8c" + bytes([len(value)]) + value.encode()


def integer(value):
    if 0 <= value < 256:
        return b"K" + bytes([value])
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def numbers(values):
    return b"(" + b"".join(integer(value) for value in values) + b"t"


def globally(module, name):
    return f"c{module}\n{name}\n".encode()


def stack_globally(module, name):
    return short(module) + short(name) + b"\x93"


def storage(key="0", kind="FloatStorage", count=4):
    return b"(" + text("storage") + globally("torch", kind) + text(key) + text("cpu") + integer(count) + b"tQ"


def tensor(of=None, offset=0, size=(2, 2), stride=(2, 1), hooks=globally("collections", "OrderedDict") + b")R", tail=b""):
    return (globally("torch._utils", "_rebuild_tensor_v2") + b"(" + (of or storage()) + integer(offset) + numbers(size)
            + numbers(stride) + b"\x89" + hooks + tail + b"tR")


def state(*items, proto=2, end=b"."):
    """A state dict with the tensor `w`, and whatever else is given as keys and values."""
    return b"\x80" + bytes([proto]) + b"}(" + text("w") + tensor() + b"".join(items) + b"u" + end


def only(value, proto=2, end=b"."):
    """A state dict whose tensor `w` is given."""
    return b"\x80" + bytes([proto]) + b"}(" + text("w") + value + b"u" + end


# Zips -------------------------------------------------------------------------------------------------------------------------------

NUMBERS = struct.pack("<4f", 1.0, 2.0, 3.0, 4.0)


class Entry:
    """One entry; every field of either header can be made to lie."""

    def __init__(self, name, data=b"", **lies):
        self.name = name if isinstance(name, bytes) else name.encode()
        self.data, self.lies = data, lies

    def both(self, key, value, central):
        return self.lies.get(("central_" if central else "local_") + key, self.lies.get(key, value))

    def header(self, central, offset):
        get = lambda key, value: self.both(key, value, central)
        name, extra = get("name", self.name), get("extra", b"")
        size = get("size", len(self.data))
        common = struct.pack("<HHHHHIIIHH", 20, get("flags", 0x800), get("method", 0), 0, 0, get("crc", zlib.crc32(self.data)),
                             get("packed", size), size, len(name), len(extra))
        if not central:
            return b"PK\x03\x04" + common + name + extra
        return (b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, get("disk", 0), 0, 0, get("offset", offset))
                + name + extra)


VERSION = Entry("x/version", b"3\n")


def zip_file(entries, before=b"", after=b"", gap=b"", count=None, start=None, comment=b"", end=True):
    body, offsets = before, []
    for entry in entries:
        offsets.append(len(body))
        body += entry.header(False, 0) + entry.data + entry.lies.get("descriptor", b"") + gap
    directory = b"".join(entry.header(True, offset) for entry, offset in zip(entries, offsets))
    place = len(body) if start is None else start
    count = len(entries) if count is None else count
    tail = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), place, len(comment)) + comment if end else b""
    return body + directory + tail + after


def torch_file(pickle, data=NUMBERS, extra=(), **options):
    return zip_file([Entry("x/data.pkl", pickle), Entry("x/byteorder", b"little"), Entry("x/data/0", data), VERSION, *extra], **options)


def pickles():
    case("plain.pt", torch_file(state()), "loads")

    # What picklescan's and fickling's tests call. In a state dict beside an honest tensor, by GLOBAL and by STACK_GLOBAL.
    calls = """
        os system|posix system|nt system|os popen|os execv|subprocess call|subprocess Popen|subprocess run|subprocess check_output
        builtins eval|builtins exec|builtins compile|builtins __import__|builtins getattr|builtins open|builtins breakpoint|builtins apply
        __builtin__ eval|__builtin__ exec|__builtin__ globals|__builtin__ apply|__builtin__ getattr|__builtin__ dict|builtins map
        httplib HTTPSConnection|http.client HTTPSConnection|requests.api get|aiohttp.client ClientSession|socket create_connection
        socket socket|sys exit|pickle loads|_pickle loads|cPickle loads|runpy _run_code|runpy run_path|runpy run_module|bdb Bdb.run|bdb Bdb
        pip main|pip._internal main|torch._inductor.codecache compile_file|pydoc pipepager|pydoc locate|functools partial|torch load|torch.serialization load
        venv create|timeit timeit|numpy.testing._private.utils runstring|torch.utils.bottleneck.__main__ run_cprofile
        torch._dynamo.guards GuardBuilder.get|torch.fx.experimental.symbolic_shapes ShapeEnv.evaluate_guards_expression
        torch.utils.collect_env run|torch.utils.collect_env run_and_read_all|torch.utils.data.datapipes.utils.decoder basichandlers
        torch.jit.unsupported_tensor_ops execWrapper|torch.utils._config_module ConfigModule.load_config|trace Trace.run|trace Trace.runctx
        profile Profile.run|profile Profile.runctx|lib2to3.pgen2.grammar Grammar.loads|idlelib.debugobj ObjectTreeItem.SetText
        idlelib.autocomplete AutoComplete.get_entity|code InteractiveInterpreter.runcode|code InteractiveInterpreter
        idlelib.calltip Calltip.fetch_tip|idlelib.calltip get_entity|torch.utils.bottleneck.__main__ run_autograd_prof|ensurepip _run_pip
        lib2to3.pgen2.pgen ParserGenerator.make_label|pkgutil resolve_name|idlelib.run Executive.runcode
        idlelib.pyshell ModifiedInterpreter.runcommand|doctest debug_script|cProfile runctx|cProfile run|profile run|logging FileHandler
        asyncio.unix_events _UnixSubprocessTransport._start|distutils.file_util write_file|ctypes CDLL|operator methodcaller
        operator attrgetter|operator itemgetter|pty spawn|numpy.f2py.crackfortran getlincoef|uuid _get_command_stdout
        _osx_support _read_output|_aix_support _read_cmd_output|imaplib IMAP4_stream|io FileIO|urllib.request urlopen|_pyrepl.pager pipe_pager
        test.support.script_helper assert_python_ok|webbrowser open|marshal loads|types FunctionType|types CodeType|importlib import_module
        multiprocessing.util spawnv_passfds|cloudpickle.cloudpickle _make_function|cloudpickle.cloudpickle _builtin_type|numpy poly1d
        numpy.core.multiarray _reconstruct|numpy ndarray|numpy fromfile|copyreg _reconstructor|copy_reg _reconstructor|torch.hub load
        torch.storage _load_from_bytes|torch.jit load|torch _utils|torch.nn.modules.linear Linear|torch._utils _rebuild_qtensor
        torch._utils _rebuild_sparse_tensor|torch._utils _rebuild_wrapper_subclass|torch._utils _rebuild_meta_tensor_no_storage
        torch._tensor _rebuild_from_type_v2|torch.distributed.rpc _rebuild|argparse Namespace|collections defaultdict
        pathlib PosixPath|models.diffusion Model|diffusers.models.unets.unet_2d UNet2DModel|shutil rmtree|tempfile mktemp|zipfile ZipFile
    """
    pairs = [tuple(pair.split(" ")) for line in calls.strip().splitlines() for pair in line.strip().split("|")]
    for index, (module, name) in enumerate(pairs):
        payload = (text("evil") + (stack_globally if index % 2 else globally)(module, name) + text("echo pwned") + b"\x85R")
        case(f"call-{index:03}.pt", torch_file(state(payload, proto=4 if index % 2 else 2)), "refused", f"{module}.{name}")

    # A global is refused where it is named, whether or not it is called, and whatever else it is called.
    evil = text("evil")
    for name, payload, reason in [
        ("named-only", evil + globally("os", "system"), "os.system"),
        ("module-with-newline-trick", evil + b"cos\nsystem\n" + text("x") + b"\x85R", "os.system"),
        ("carriage-return", evil + b"cos\r\nsystem\r\n", "os"), ("dotted-name", evil + globally("torch", "os.system"), "torch.os.system"),
        ("dotted-into-allowed", evil + globally("collections", "OrderedDict.__init__"), "collections.OrderedDict.__init__"),
        ("split-elsewhere", evil + globally("torch._utils._rebuild_tensor_v2", "__globals__"), "__globals__"),
        ("empty-module", evil + globally("", "eval"), ".eval"), ("space-in-name", evil + globally("torch FloatStorage", "x"), "torch FloatStorage"),
        ("homoglyph", evil + "ctоrch\nFloatStorage\n".encode(), "FloatStorage"),
        ("fullwidth", evil + "cｏｓ\nsystem\n".encode(), "system"), ("not-utf8", evil + b"cmod\n\xf8\n", "mod"),
        ("zero-width", evil + "ctorch\u200b\nFloatStorage\n".encode(), "FloatStorage"), ("nul", evil + b"cos\0\nsystem\n", "os"),
        ("stack-global-of-memo", evil + short("os") + b"\x940" + short("system") + b"\x940h\x00h\x01\x93", "POP"),
        ("stack-global-of-memo-kept", evil + b"(" + short("os") + b"\x94" + short("system") + b"\x94t" + evil + b"h\x00h\x01\x93", "os.system"),
        ("stack-global-of-numbers", evil + integer(1) + short("system") + b"\x93", "no text"),
        ("stack-global-alone", evil + short("system") + b"\x93\x93", "evil.system"),
        ("getattr-chain", evil + globally("builtins", "getattr") + b"(" + globally("builtins", "__import__") + text("os") + b"\x85R"
         + text("system") + b"tR", "builtins.getattr"),
        ("nested-pickle", evil + globally("pickle", "loads") + b"C\x08cos\nsys\n\x85R", "pickle.loads"),
        ("reduce-of-text", evil + text("os.system") + text("x") + b"\x85R", "call"),
        ("reduce-of-tensor", evil + tensor() + b")R", "call"), ("reduce-without-tuple", evil + globally("torch", "Size") + text("x") + b"R", "call"),
        ("call-of-storage-class", evil + globally("torch", "FloatStorage") + integer(4) + b"\x85R", "call"),
        ("size-of-text", evil + globally("torch", "Size") + text("x") + b"\x85R", "Size"),
    ]:
        case(f"global-{name}.pt", torch_file(state(payload, proto=4)), "refused", reason)

    # Opcodes that no state dict has.
    for name, payload, reason in [
        ("inst", b"(" + text("x") + b"i__builtin__\nexec\n", "INST"), ("obj", b"(" + globally("torch", "Size") + text("x") + b"o", "OBJ"),
        ("newobj", globally("torch", "Size") + b")\x81", "NEWOBJ"), ("newobj-ex", globally("torch", "Size") + b")}\x92", "NEWOBJ_EX"),
        ("ext1", b"\x82\x01", "EXT1"), ("ext2", b"\x83\x01\x00", "EXT2"), ("ext4", b"\x84\x01\x00\x00\x00", "EXT4"),
        ("persid", b"Pos.system\n", "PERSID"), ("dup", text("x") + b"2", "DUP"), ("pop", text("x") + b"0", "POP"),
        ("pop-mark", b"(" + text("x") + b"1", "POP_MARK"), ("string", b"S'os'\n", "STRING"), ("unicode", b"Vos\n", "UNICODE"),
        ("int", b"I12345\n", "INT"), ("long", b"L5L\n", "LONG"), ("float", b"F1.5\n", "FLOAT"), ("list", b"(" + text("x") + b"l", "LIST"),
        ("dict", b"(" + text("x") + text("y") + b"d", "DICT"), ("get", b"g0\n", "GET"), ("put", text("x") + b"p0\n", "PUT"),
        ("long4", b"\x8b" + struct.pack("<i", 2**31 - 1) + b"x", "LONG4"), ("long4-negative", b"\x8b" + struct.pack("<i", -1), "LONG4"),
        ("binbytes8", b"\x8e" + struct.pack("<Q", 2**63) + b"x", "BINBYTES8"), ("binstring", b"T" + struct.pack("<i", -1), "BINSTRING"),
        ("bytearray8", b"\x96" + struct.pack("<Q", 2**40), "BYTEARRAY8"), ("next-buffer", b"\x97", "NEXT_BUFFER"),
        ("readonly-buffer", text("x") + b"\x98", "READONLY_BUFFER"), ("frozenset", b"(\x91", "FROZENSET"), ("unknown", b"\xff", "0xff"),
        ("stack-global-strings", b"S'os'\nS'system'\n\x93", "STRING"),
    ]:
        case(f"opcode-{name}.pt", torch_file(state(text("evil") + payload, proto=5)), "refused", reason)

    # Whole pickles of picklescan's and fickling's tests.
    slaviero = (b"c__builtin__\nglobals\n(tRp100\n0c__builtin__\ncompile\n(S'fl=open(\"/etc/passwd\");picklesmashed=fl.read();'\nS''\nS'exec'\n"
                b"tRp101\n0c__builtin__\neval\n(g101\ng100\ntRp102\n0.")
    ctf = b"Vos\np2\n0Vsystem\np3\n0Vtorch\np0\n0VLongStorage\np1\n0g2\ng3\n\x93(Vcat flag.txt\ntR."
    mindspore = (b"\x80\x04\x95\x82\x00\x00\x00\x00\x00\x00\x00(\x8c\x05numpy\x8c\x06poly1d\x93\x94\x8c\x05numpy\x8c\x04size\x93\x94N.")
    broken = b"cbuiltins\nexec\n(X>\nf = open('my_file.txt', 'a'); f.write('Malicious'); f.close()tRX."
    memo_error = b"\x80\x04cos\nsystem\nVecho pwned\n\x85R0\x8c\x02os\x94h\x03h\x00\x93KB."
    for name, pickle, reason in [
        ("sour-pickles", slaviero, "protocol"), ("ctf", ctf, "protocol"), ("ctf-trailing", ctf + b"\n\n\t\t", "protocol"),
        ("ctf-proto", b"\x80\x04" + ctf, "UNICODE"), ("inst", b"(S'raise RuntimeError()'\ni__builtin__\nexec\n.", "protocol"),
        ("obj", b'(cos\nsystem\nS"whoami"\no.', "protocol"), ("mindspore", mindspore, "frame"),
        ("mindspore-unframed", b"\x80\x04" + mindspore[11:], "numpy.poly1d"), ("broken-model", broken, "protocol"),
        ("memo-error", memo_error, "os.system"), ("proto-0", b"cposix\nsystem\np0\n(Vls -la\np1\ntp2\nRp3\n.", "protocol"),
        ("benign-list", b"\x80\x04]\x94(\x8c\x01a\x94\x8c\x01b\x94\x8c\x01c\x94e.", "no tensors"),
        ("empty", b"", "protocol"), ("only-proto", b"\x80\x02", "STOP"), ("only-stop", b"\x80\x02.", "one value"),
        ("proto-9", state(proto=9), "protocol"), ("proto-1", state(proto=1), "protocol"), ("two-protos", state(b"\x80\x02"), "second protocol"),
        ("after-stop", state() + b"cos\nsystem\n(X\x02\x00\x00\x00lstR.", "follow its STOP"), ("two-pickles", state() + state(), "follow its STOP"),
        ("no-stop", state(end=b""), "STOP"), ("two-values", b"\x80\x02NN.", "one value"), ("open-mark", b"\x80\x02(N.", "one value"),
        ("fickling-pty", b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00" + stack_globally("pty", "spawn") + short("id") + b"\x85R" + short("gottem") + b"b.",
         "pty.spawn"),
    ]:
        case(f"pickle-{name}.pt", torch_file(pickle), "refused", reason)
    for length in (3, 20, 60, 100, len(state()) - 2):
        case(f"pickle-cut-{length}.pt", torch_file(state()[:length]), "refused", "")

    # Claims, bombs, and objects where they do not belong.
    key = text("k")
    memo_bomb = b"](](" + text("lol") * 10 + b"eq\x00"
    for layer in range(9):
        memo_bomb += b"](" + (b"h" + bytes([layer])) * 10 + b"eq" + bytes([layer + 1])
    memo_bomb += b"e"
    for name, pickle, expected, reason in [
        ("text-of-4-gb", state(key + b"X\xff\xff\xff\xff" + b"abc"), "refused", "cut short"),
        ("text-of-2-63", state(key + b"\x8d" + b"\xff" * 8 + b"abc"), "refused", "cut short"),
        ("bytes-of-4-gb", state(key + b"B\xff\xff\xff\xff" + b"abc"), "refused", "cut short"),
        ("frame-of-2-64", b"\x80\x04\x95" + b"\xff" * 8 + state()[2:], "refused", "frame"),
        ("long1-of-255", state(key + b"\x8a\xff" + b"\x01" * 200), "refused", ""),
        ("long1-seed", state(key + b"\x8a\x10" + b"\x01" * 16), "loads", ""), ("long1-empty", state(key + b"\x8a\x00"), "loads", ""),
        ("memo-never-set", state(key + b"h\x07"), "refused", "memo 7"), ("memo-large-index", state(key + b"Nr\xff\xff\xff\xff"), "loads", ""),
        ("memo-bomb", state(key + memo_bomb), "loads", ""), ("memo-of-nothing", b"\x80\x02q\x00.", "refused", "too few"),
        ("list-in-itself", state(key + b"]q\x00h\x00a"), "loads", ""), ("dictionary-in-itself", b"\x80\x02}q\x00(" + text("w") + tensor() + key + b"h\x00u.", "loads", ""),
        ("only-itself", b"\x80\x02}q\x00" + key + b"h\x00s.", "refused", "no tensors"),
        ("list-of-itself", b"\x80\x02]q\x00h\x00a.", "refused", "no tensors"),
        ("tuples-20000-deep", state(key + b")" + b"\x85" * 20000), "loads", ""),
        ("lists-10000-deep", state(key + b"]" * 10000 + b"a" * 9999), "loads", ""),
        ("marks-20000-deep", state(key + b"(" * 20000), "refused", "marks"), ("mark-missing", b"\x80\x02t.", "refused", "no mark"),
        ("pop-below-mark", b"\x80\x02K\x01(\x85.", "refused", "too few"), ("setitems-odd", state(key), "refused", "without a value"),
        ("setitem-on-list", b"\x80\x02]" + text("w") + tensor() + b"s.", "refused", "no dictionary"),
        ("setitem-on-tensor", b"\x80\x02" + tensor() + text("w") + text("x") + b"s.", "refused", "no dictionary"),
        ("setitem-on-global", b"\x80\x02" + globally("torch", "Tensor") + text("w") + text("x") + b"s.", "refused", "no dictionary"),
        ("setitem-on-counter", b"\x80\x02" + globally("collections", "Counter") + b")R" + text("w") + text("x") + b"s.", "refused", "no dictionary"),
        ("append-on-dictionary", b"\x80\x02}" + tensor() + b"a.", "refused", "no list"),
        ("appends-on-tuple", b"\x80\x02)(" + tensor() + b"e.", "refused", "no list"),
        ("additems-on-list", state(key + b"](K\x01\x90", proto=4), "refused", "no set"), ("set", state(key + b"\x8f(K\x01\x90", proto=4), "loads", ""),
        ("build-on-tensor", b"\x80\x02}" + text("w") + tensor() + b"}bs.", "refused", "OrderedDict"),
        ("build-on-dictionary", state(end=b"}b."), "refused", "OrderedDict"), ("build-on-global", state(key + globally("torch", "Tensor") + b"}b"), "refused", "OrderedDict"),
        ("build-on-ordered", b"\x80\x02" + globally("collections", "OrderedDict") + b")R" + text("w") + tensor() + b"s}" + text("_metadata") + b"}sb.",
         "loads", ""),
        ("same-name-twice", state(text("w") + tensor()), "refused", "more than once"), ("name-not-text", state(integer(1) + tensor()), "refused", "name"),
        ("name-not-utf8", state(text(b"\xff\xfe") + tensor()), "refused", "name"), ("name-empty", state(text("") + tensor()), "refused", "name"),
        ("name-10000-long", state(text("w" * 10000) + tensor()), "refused", "name"), ("name-of-path", state(text("../../etc/passwd") + tensor()), "loads", ""),
        ("surrogate-elsewhere", state(key + text(b"\xed\xa0\x80")), "loads", ""),
        ("persistent-text", only(text("os.system") + b"Q"), "refused", "outside the pickle"),
        ("persistent-other", only(b"(" + text("module") + globally("torch", "FloatStorage") + text("0") + text("cpu") + integer(4) + b"tQ"), "refused", "outside"),
        ("persistent-short", only(b"(" + text("storage") + b"tQ"), "refused", "outside"),
        ("persistent-class", only(b"(" + text("storage") + globally("torch", "float32") + text("0") + text("cpu") + integer(4) + b"tQ"), "refused", "class"),
        ("tensors-without-names", b"\x80\x02](" + tensor() + tensor() + b"e.", "refused", "no tensors"), ("only-numbers", b"\x80\x02}" + key + integer(1) + b"s.", "refused", "no tensors"),
        ("two-state-dicts", b"\x80\x02}(" + text("a") + state()[2:-1] + text("b") + state()[2:-1] + b"u.", "refused", "several"),
    ]:
        case(f"object-{name}.pt", torch_file(pickle), expected, reason)

    # Tensors that are not what their storage has.
    for name, value, expected, reason in [
        ("larger-than-storage", tensor(size=(3, 2)), "refused", "says it has 4"), ("offset-beyond", tensor(offset=1), "refused", "says it has 4"),
        ("offset-huge", tensor(offset=2**62), "refused", ""), ("offset-negative", tensor(offset=-1), "refused", "offset"),
        ("stride-beyond", tensor(stride=(3, 1)), "refused", "says it has 4"), ("stride-negative", tensor(offset=3, stride=(-2, -1)), "refused", "strides"),
        ("stride-overflow", tensor(stride=(2**62, 2**62)), "refused", "strides"), ("size-negative", tensor(size=(-1, 2)), "refused", "size"),
        ("size-overflow", tensor(size=(2**40, 2**40), stride=(0, 0)), "refused", "size"), ("size-wraps-to-4", tensor(size=(2**62 + 1, 4), stride=(0, 1)), "refused", "size"),
        ("size-too-long", tensor(size=(1,) * 33, stride=(1,) * 33), "refused", "arguments"), ("size-and-stride-differ", tensor(size=(2, 2), stride=(1,)), "refused", "size"),
        ("expanded-to-a-terabyte", tensor(size=(2**20, 2**18), stride=(0, 0)), "refused", "more than twice"),
        ("expanded-a-little", tensor(size=(4, 2), stride=(0, 1)), "loads", ""), ("empty-with-huge-side", tensor(size=(0, 2**60), stride=(1, 1)), "loads", ""),
        ("transposed", tensor(stride=(1, 2)), "loads", ""), ("scalar", tensor(size=(), stride=()), "loads", ""),
        ("storage-says-more", tensor(storage(count=1000), size=(1000,), stride=(1,)), "refused", "16 bytes"),
        ("storage-says-less", tensor(storage(count=2), size=(2,), stride=(1,)), "refused", "16 bytes"),
        ("storage-says-2-61", tensor(storage(count=2**61)), "refused", ""), ("storage-says-2-62", tensor(storage(count=2**62)), "refused", ""),
        ("storage-negative", tensor(storage(count=-4)), "refused", "outside"), ("storage-missing", tensor(storage(key="7")), "refused", "data/7 is not in the file"),
        ("storage-is-the-pickle", tensor(storage(key="../data.pkl")), "refused", "not in the file"),
        ("storage-is-a-path", tensor(storage(key="/etc/passwd")), "refused", "not in the file"),
        ("storage-of-doubles", tensor(storage(kind="DoubleStorage")), "refused", "16 bytes"),
        ("storage-quantized", tensor(storage(kind="QInt8Storage")), "refused", "torch.QInt8Storage"),
        ("complex", tensor(storage(kind="ComplexFloatStorage", count=2), size=(2,), stride=(1,)), "refused", "complex64"),
        ("metadata-negated", tensor(tail=b"}" + text("neg") + b"\x88s"), "refused", "metadata"), ("metadata-empty", tensor(tail=b"}"), "loads", ""),
        ("too-many-arguments", tensor(tail=b"NN"), "refused", "arguments"), ("storage-is-text", tensor(text("0")), "refused", "arguments"),
        ("hooks-evil", tensor(hooks=globally("os", "system") + text("x") + b"\x85R"), "refused", "os.system"),
        ("parameter-of-text", globally("torch._utils", "_rebuild_parameter") + b"(" + text("x") + b"\x88NtR", "refused", "parameter"),
        ("ordered-dict-of-numbers", globally("collections", "OrderedDict") + b"](K\x01K\x02e\x85R", "refused", "pairs"),
    ]:
        case(f"tensor-{name}.pt", torch_file(only(value)), expected, reason)


def zips():
    def zipped(entries, **options):
        return zip_file([*entries, VERSION], **options)

    pickle, data, order = Entry("x/data.pkl", state()), Entry("x/data/0", NUMBERS), Entry("x/byteorder", b"little")
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(state()) + deflate.flush()
    crc = zlib.crc32(NUMBERS)
    wide = struct.pack("<HHQQ", 1, 16, 16, 16)
    descriptor = b"PK\x07\x08" + struct.pack("<III", crc, 16, 16)
    deferred = dict(flags=0x808, local_crc=0, local_size=0)
    good = torch_file(state())
    for name, content, expected, reason in [
        ("compressed", zipped([Entry("x/data.pkl", packed, method=8, size=len(state()), packed=len(packed)), data]), "refused", "compressed"),
        ("compressed-locally", zipped([pickle, Entry("x/data/0", NUMBERS, local_method=8)]), "refused", "disagree"),
        ("encrypted", zipped([pickle, Entry("x/data/0", NUMBERS, flags=0x801)]), "refused", "encrypted"),
        ("encrypted-0x20", zipped([pickle, Entry("x/data/0", NUMBERS, flags=0x820)]), "refused", "flags"),
        ("encrypted-0x40", zipped([pickle, Entry("x/data/0", NUMBERS, flags=0x840)]), "refused", "flags"),
        ("flags-locally", zipped([pickle, Entry("x/data/0", NUMBERS, local_flags=0x801)]), "refused", "disagree"),
        ("duplicate", zipped([pickle, data, Entry("x/data/0", b"\0" * 16)]), "refused", "more than once"),
        ("two-pickles", zipped([pickle, data, pickle]), "refused", "more than once"),
        ("two-folders", zipped([pickle, data, Entry("y/data.pkl", b"\x80\x02cos\nsystem\n.")]), "refused", "one folder"),
        ("overlapping", zipped([pickle, data, Entry("x/data/1", NUMBERS, central_offset=len(pickle.header(False, 0)) + len(pickle.data))]), "refused", "overlaps"),
        ("same-bytes-twice", zipped([pickle, data, Entry("x/data/1", b"", central_offset=0)]), "refused", "overlaps"),
        ("name-locally", zipped([pickle, Entry("x/data/0", NUMBERS, local_name=b"x/data/1")]), "refused", "disagree"),
        ("pickle-name-locally", zipped([Entry("x/data.pkl", state(), local_name=b"x/datap.kl"), data]), "refused", "disagree"),
        ("size-locally", zipped([pickle, Entry("x/data/0", NUMBERS, local_size=12)]), "refused", "disagree"),
        ("crc-locally", zipped([pickle, Entry("x/data/0", NUMBERS, local_crc=7)]), "refused", "disagree"),
        ("crc-of-pickle", zipped([Entry("x/data.pkl", state(), crc=7), data]), "refused", "checksum"),
        ("sizes-differ", zipped([pickle, Entry("x/data/0", NUMBERS, central_packed=12)]), "refused", "disagree"),
        ("size-beyond", zipped([pickle, Entry("x/data/0", NUMBERS, size=1 << 30)]), "refused", "outside"),
        ("size-of-64-bits", zipped([pickle, Entry("x/data/0", NUMBERS, size=0xFFFFFFFF, extra=struct.pack("<HHQQ", 1, 16, 2**63, 2**63))]), "refused", ""),
        ("zip64-field-short", zipped([pickle, Entry("x/data/0", NUMBERS, size=0xFFFFFFFF, extra=struct.pack("<HHQ", 1, 8, 16))]), "refused", "disagree"),
        ("zip64-field-missing", zipped([pickle, Entry("x/data/0", NUMBERS, size=0xFFFFFFFF)]), "refused", "disagree"),
        ("zip64-field-twice", zipped([pickle, Entry("x/data/0", NUMBERS, size=0xFFFFFFFF, extra=wide + wide)]), "refused", "disagree"),
        ("zip64", zipped([pickle, Entry("x/data/0", NUMBERS, size=0xFFFFFFFF, extra=wide)]), "loads", ""),
        ("offset-beyond", zipped([pickle, Entry("x/data/0", NUMBERS, central_offset=1 << 30)]), "refused", "outside"),
        ("descriptor", zipped([pickle, Entry("x/data/0", NUMBERS, descriptor=descriptor, **deferred)]), "loads", ""),
        ("descriptor-missing", zipped([pickle, Entry("x/data/0", NUMBERS, **deferred)]), "refused", "not followed"),
        ("descriptor-lies", zipped([pickle, Entry("x/data/0", NUMBERS, descriptor=b"PK\x07\x08" + struct.pack("<III", crc, 12, 12), **deferred)]), "refused", "not followed"),
        ("descriptor-uncalled-for", zipped([pickle, Entry("x/data/0", NUMBERS, descriptor=descriptor)]), "refused", "unclaimed"),
        ("parent-path", zipped([pickle, data, Entry("x/../../etc/passwd", b"x")]), "refused", "unsafe"),
        ("absolute-path", zipped([pickle, data, Entry("/etc/passwd", b"x")]), "refused", "unsafe"),
        ("backslash", zipped([pickle, data, Entry("x\\..\\y", b"x")]), "refused", "name"), ("nul-in-name", zipped([pickle, data, Entry(b"x/a\0b", b"x")]), "refused", "name"),
        ("name-not-utf8", zipped([pickle, data, Entry(b"x/\xff", b"x")]), "refused", "name"), ("name-empty", zipped([pickle, data, Entry(b"", b"x")]), "refused", "name"),
        ("bytes-before", zipped([pickle, data], before=b"#!/bin/sh\n", start=None), "refused", ""), ("bytes-between", zipped([pickle, data], gap=b"gap"), "refused", "unclaimed"),
        ("bytes-after", good + b"more", "refused", "follows"), ("comment", zipped([pickle, data], comment=b"hello"), "refused", "follows"),
        ("no-end", zipped([pickle, data], end=False), "refused", "end record"), ("cut", good[:-30], "refused", "end record"), ("cut-in-half", good[:len(good) // 2], "refused", "end record"),
        ("count-too-small", zipped([pickle, data], count=1), "refused", "longer"), ("count-too-large", zipped([pickle, data], count=4), "refused", "ends early"),
        ("count-65535", zipped([pickle, data], count=65535), "refused", "entries"), ("directory-elsewhere", zipped([pickle, data], start=4), "refused", "not where"),
        ("empty", zip_file([]), "refused", ""), ("no-pickle", zipped([data]), "refused", "no data.pkl"), ("pickle-by-another-name", zipped([Entry("x/data.txt", state()), data]), "refused", "no data.pkl"),
        ("pickle-in-the-root", zipped([Entry("data.pkl", state()), data]), "refused", "one folder"), ("no-byteorder", zipped([pickle, data]), "loads", ""),
        ("big-endian", zipped([pickle, Entry("x/byteorder", b"big"), data]), "refused", "byte order"), ("byteorder-nonsense", zipped([pickle, Entry("x/byteorder", b"l" * 99), data]), "refused", "byte order"),
        ("torchscript", zipped([pickle, data, Entry("x/constants.pkl", b"\x80\x02).")]), "refused", "TorchScript"),
        ("storage-short", torch_file(state(), data=NUMBERS[:12]), "refused", "12 bytes"), ("storage-empty", torch_file(state(), data=b""), "refused", "0 bytes"),
        ("storage-long", torch_file(state(), data=NUMBERS * 2), "refused", "32 bytes"), ("storage-missing", zipped([pickle, order]), "refused", "not in the file"),
        ("nested", zipped([Entry("x/data.pkl", good), data]), "refused", "protocol"),
    ]:
        case(f"zip-{name}.pt", content, expected, reason)


def others():
    """Files of other kinds under a weights file's name."""
    legacy = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."
    evil = b"\x80\x04" + stack_globally("posix", "system") + short("ls") + b"\x85R."
    tar = b"storages".ljust(257, b"\0") + b"ustar\0" + b"00".ljust(249, b"\0")
    for name, data, reason in [
        ("legacy.pt", legacy, "refused at byte"), ("legacy-magic-by-eval.pt", b"\x80\x02c__builtin__\neval\nX\x16\x00\x00\x000x1950A86A20F9469CFC6C\x85R." + legacy[13:], "bare pickle"),
        ("bare-pickle.bin", evil, "bare pickle"), ("bare-state-dict.bin", state(), "bare pickle"), ("bare-protocol-0.bin", b"cos\nsystem\n(S'ls'\ntR.", ""),
        ("not-a-pickle.bin", b"cmod\n\xf8\n", ""), ("legacy-tar.pt", tar * 2, "tar"), ("archive.7z.bin", b"7z\xbc\xaf\x27\x1c" + b"\0" * 26, "7z"),
        ("object-array.npy.bin", b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }" + b" " * 50 + b"\n" + evil, "NumPy"),
        ("keras.h5.bin", b"\x89HDF\r\n\x1a\n" + b"\0" * 40, "HDF5"), ("picture.pt", b"\x89PNG\r\n\x1a\n", "PNG"), ("gzip.ckpt", b"\x1f\x8b\x08\0" + b"\0" * 20, "gzip"),
        ("model.gguf.bin", b"GGUF\x03\0\0\0" + b"\0" * 40, "GGUF"), ("nothing.bin", b"", "empty"), ("one-byte.bin", b"\x80", "truncated"), ("zeros.bin", b"\0" * 64, "header"), ("text.bin", b"hello, this is no model\n" * 4, "header"),
    ]:
        case(f"other-{name}", data, "refused", reason)


def legacies():
    """Files as torch.save wrote them before PyTorch 1.6."""
    magic, version = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", b"\x80\x02M\xe9\x03."

    def machine(little=b"\x88"):
        return b"\x80\x02}(" + text("protocol_version") + integer(1001) + text("little_endian") + little + b"u."

    def part(view=b"N", **which):
        return storage(**which)[:-2] + view + b"tQ"

    def keys(*names):
        return b"\x80\x02](" + b"".join(text(name) for name in names) + b"e."

    def file(value=None, names=keys("0"), data=struct.pack("<q", 4) + NUMBERS, version=version, machine=machine()):
        return magic + version + machine + (value or only(tensor(of=part()))) + names + data

    twice = b"\x80\x02}(" + text("w") + tensor(of=part()) + text("v") + tensor(of=part(key="1")) + b"u."
    evil = b"\x80\x02cposix\nsystem\n(" + text("ls") + b"tR."
    for name, content, expected, reason in [
        ("plain", file(), "loads", ""), ("two-storages", file(twice, keys("0", "1"), 2 * (struct.pack("<q", 4) + NUMBERS)), "loads", ""),
        ("runs-for-the-version", file(version=evil), "refused", "posix.system"), ("runs-for-the-machine", file(machine=evil), "refused", "posix.system"),
        ("runs-for-the-value", file(evil), "refused", "posix.system"), ("runs-for-the-names", file(names=evil), "refused", "posix.system"),
        ("version-1000", file(version=b"\x80\x02M\xe8\x03."), "refused", "protocol"), ("big-endian", file(machine=machine(b"\x89")), "refused", "byte order"),
        ("no-machine", file(machine=b"\x80\x02N."), "refused", "machine"), ("view", file(only(tensor(of=part(view=b"(" + text("0") + integer(0) + integer(4) + b"t")))), "refused", "no storage"),
        ("names-no-list", file(names=b"\x80\x02N."), "refused", "name its storages"), ("names-another", file(names=keys("1")), "refused", "does not speak"),
        ("names-none", file(names=keys(), data=b""), "refused", "not in the file"), ("names-twice", file(names=keys("0", "0"), data=2 * (struct.pack("<q", 4) + NUMBERS)), "refused", "more than once"),
        ("count-of-3", file(data=struct.pack("<q", 3) + NUMBERS), "refused", "4 numbers"), ("count-negative", file(data=struct.pack("<q", -4) + NUMBERS), "refused", "4 numbers"),
        ("cut-in-the-count", file(data=struct.pack("<q", 4)[:5]), "refused", "cut short"), ("cut-in-the-numbers", file(data=struct.pack("<q", 4) + NUMBERS[:15]), "refused", "cut short"),
        ("more-behind", file(data=struct.pack("<q", 4) + NUMBERS + b"more"), "refused", "4 bytes follow"),
        ("huge-storage", file(only(tensor(of=part(count=2**62)))), "refused", ""), ("no-names", magic + version + machine() + only(tensor(of=part())), "refused", "protocol"),
        ("value-alone", magic + only(tensor(of=part())), "refused", "protocol"), ("view-in-a-zip", torch_file(only(tensor(of=part()))), "refused", "no storage"),
    ]:
        case(f"legacy-{name}.pt", content, expected, reason)


def safetensors():
    def file(header, data=b"", length=None):
        header = header if isinstance(header, bytes) else (header if isinstance(header, str) else json.dumps(header)).encode()
        return struct.pack("<Q", len(header) if length is None else length) + header + data

    def one(dtype="F32", shape=(2, 2), begin=0, end=16, **more):
        return {"test": {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}, **more}

    zeros = b"\0" * 16
    plain = json.dumps(one())
    for name, data, expected, reason in [
        ("plain", file(one(), zeros), "loads", ""), ("scalar", file(one(shape=(), end=4), zeros[:4]), "loads", ""), ("zero-sized", file(one(shape=(2, 0), end=0)), "loads", ""),
        ("no-tensors", file("{}\r \t\n"), "loads", ""), ("leading-space", file("\t\n{}\r "), "loads", ""), ("metadata", file(one(__metadata__={"format": "pt"}), zeros), "loads", ""),
        ("abuse-1-length-1000", file(plain, zeros, length=1000), "refused", "truncated"),
        ("abuse-2-same-bytes", file({f"weight_{i}": one()["test"] for i in range(100)}, zeros), "refused", "overlaps"),
        ("abuse-3-same-bytes-padded", file({f"weight_{i}": {"dtype": "F32", "shape": [200, 200], "data_offsets": [0, 160000]} for i in range(20)}, b"\0" * 1600), "refused", "160000"),
        ("json-attack", file({f"weight_{i}": one()["test"] for i in range(10)}, zeros), "refused", "overlaps"),
        ("bogus-after", file(one(), zeros + b"extra_bogus_data_for_polyglot_file"), "refused", "describes 16"), ("missing-2-bytes", file(one(), zeros[:14]), "refused", "truncated"),
        ("header-too-large", file(plain, zeros, length=0xFFFFFF << 40), "refused", "allowed"), ("header-2-64", file(plain, zeros, length=2**64 - 1), "refused", "allowed"),
        ("header-100-mb", file(plain, zeros, length=100_000_000), "refused", "truncated"), ("header-empty", file(""), "refused", "header"), ("length-only", b"<" + b"\0" * 7, "refused", "truncated"),
        ("not-utf8", file(b"\xff"), "refused", "header"), ("not-json", file("{"), "refused", "header"), ("array", file("[]"), "refused", "no JSON object"), ("comment", file("{}//"), "refused", "header"),
        ("two-documents", file("{}{}"), "refused", "header"), ("bom", file(b"\xef\xbb\xbf{}"), "refused", "header"), ("name-not-utf8", file(b'{"\xff":' + plain[9:].encode(), zeros), "refused", "header"),
        ("wrong-size", file(one(shape=(2, 2), end=4), zeros[:4]), "refused", "do not fit"), ("overflow-u64", file(one(shape=(2, 2**64 - 2)), zeros), "refused", "whole numbers"),
        ("overflow-i64", file(one(shape=(2, 2**63 - 1)), zeros), "refused", "do not fit"), ("wraps-to-4", file(one(shape=(2**62 + 1, 4)), zeros), "refused", "do not fit"),
        ("shape-negative", file(one(shape=(-2, -2)), zeros), "refused", "whole numbers"), ("shape-float", file(plain.replace("[2, 2]", "[2.0, 2]"), zeros), "refused", "whole numbers"),
        ("shape-exponent", file(plain.replace("[2, 2]", "[2e0, 2]"), zeros), "refused", "whole numbers"), ("shape-text", file(plain.replace("[2, 2]", '"2, 2"'), zeros), "refused", "whole numbers"),
        ("shape-null", file(plain.replace("[2, 2]", "null"), zeros), "refused", "whole numbers"), ("shape-33-long", file(one(shape=(1,) * 33, end=4), zeros[:4]), "refused", "shape"),
        ("offsets-reversed", file(one(begin=16, end=0), zeros), "refused", "not within"), ("offsets-negative", file(one(begin=-16, end=0), zeros), "refused", "whole numbers"),
        ("offsets-beyond", file(one(begin=16, end=32), zeros), "refused", "not within"), ("offsets-three", file(plain.replace("[0, 16]", "[0, 16, 32]"), zeros), "refused", "pair"),
        ("gap-before", file(one(begin=4, end=20), zeros + b"\0" * 4), "refused", "unclaimed"),
        ("gap-between", file({"a": one(end=16)["test"], "b": one(begin=20, end=36)["test"]}, zeros * 2 + b"\0" * 4), "refused", "unclaimed"),
        ("overlap", file({"a": one(end=16)["test"], "b": one(begin=8, end=24)["test"]}, zeros + b"\0" * 8), "refused", "overlaps"),
        ("duplicate", file(plain[:-1] + "," + plain[1:], zeros), "refused", "duplicate"), ("duplicate-escaped", file(plain[:-1] + "," + plain[1:].replace("test", "\\u0074est"), zeros), "refused", "duplicate"),
        ("duplicate-field", file(plain.replace('"dtype"', '"shape": [2, 2], "dtype"'), zeros), "refused", "duplicate"),
        ("dtype-unknown", file(one(dtype="F128"), zeros), "refused", "dtype"), ("dtype-number", file(plain.replace('"F32"', "32"), zeros), "refused", "dtype"), ("dtype-f4", file(one(dtype="F4", shape=(1,), end=1), b"\0"), "refused", "dtype"),
        ("no-dtype", file(plain.replace('"dtype": "F32", ', ""), zeros), "refused", "dtype"), ("entry-null", file('{"test": null}'), "refused", "dtype"), ("metadata-nested", file('{"__metadata__": {"a": {"b": 1}}}'), "refused", "__metadata__"),
        ("metadata-number", file('{"__metadata__": 1}'), "refused", "__metadata__"), ("deep", file("[" * 50000), "refused", "nested"), ("deep-object", file('{"a":' * 20000), "refused", "nested"),
        ("name-of-path", file({"../../etc/passwd": one()["test"]}, zeros), "loads", ""), ("name-empty", file({"": one()["test"]}, zeros), "refused", "name"), ("name-10000-long", file({"w" * 10000: one()["test"]}, zeros), "refused", "name"),
        ("lone-surrogate", file(plain.replace("test", "\\ud800"), zeros), "refused", "header"), ("number-1000-digits", file(plain.replace("16", "1" * 1000), zeros), "refused", "number"),
        ("many-values", file('{"a":[' + "0," * 40000 + "0]}"), "refused", "too many values"),
    ]:
        case(f"safetensors-{name}.safetensors", data, expected, reason)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for old in HERE.iterdir():
        old.unlink()
    pickles()
    zips()
    others()
    legacies()
    safetensors()
    lines = ",\n".join(json.dumps(entry) for entry in CASES)
    (HERE / "cases.json").write_text(f"[\n{lines}\n]\n")
    print(len(CASES), "cases,", sum(path.stat().st_size for path in HERE.iterdir()), "bytes")
