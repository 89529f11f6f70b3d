# SPDX-License-Identifier: BSD-2-Clause
"""The header in every language standard, compiler, optimisation level and way of linking that this machine can build.

Each combination is built without a warning, run untraced and with raised semaphores, and what the header left in the
linked file is read back: notes, stubs, semaphores, class descriptors.
"""
import functools
import os
import tempfile

from elf import EM_AARCH64, SHF_ALLOC, SHF_WRITE, SHT_NOBITS, SHT_PROGBITS, Elf
from harness import AARCH64, INCLUDE, LIBCXX, STRICT, Failure, Job, command, must, need, path, run

C_STANDARDS = ["c99", "c11", "c17", "c2x"]
CXX_STANDARDS = ["c++11", "c++14", "c++17", "c++20", "c++2b"]
LEVELS = ["-O0", "-O1", "-O2", "-O3"]
COMPILERS = [("gcc", "g++"), ("clang", "clang++")]

STUB = {False: bytes.fromhex("f30f1efa900f1f440000662e0f1f84000000000090c3"),
        True: bytes.fromhex("5f2403d51f2003d51f2003d5c0035fd6")}
ARGUMENTS = {"init": "888", "destroy": "8", "set": "8488", "log": "84", "enter": "88488", "exit": "88488",
             "value": "8884", "instant": "8888", "async": "884", "quiet": "8488", "batch": "888"}
SLOTS, LAP = 64, 8192
REGISTERS = {False: [("rdi", "edi"), ("rsi", "esi"), ("rdx", "edx"), ("rcx", "ecx"), ("r8", "r8d")],
             True: [("x%d" % i, "x%d" % i) for i in range(5)]}
STRP, JSONP, DICT = 13, 15, 16
BASE_SIZE = 56


def arguments(kind, arm):
    parts = []
    for size, names in zip(ARGUMENTS[kind], REGISTERS[arm]):
        parts.append("%s@%s%s" % (size, "" if arm else "%", names[size == "4"]))
    return " ".join(parts)


def expect(cond, text):
    if not cond:
        raise Failure(text)


def check_pool(elf, wanted):
    """Where the batches are: memory that the file has no bytes for, told of by a note."""
    pools = elf.pools()
    expect(bool(pools) == wanted, "notes of pools: %s" % (pools,))
    for p in pools:
        bss = elf.section_at(p.address)
        expect(bss is not None and bss.type == SHT_NOBITS and bss.flags == SHF_WRITE | SHF_ALLOC,
               "the pool is in %s" % (bss,))
        expect(p.address % 4096 == 0 and p.address + SLOTS * (64 + LAP) <= bss.address + bss.size,
               "the pool's place is %#x" % p.address)
        expect((p.slots, p.lap) == (SLOTS, LAP), "the pool: %s" % (p,))


def check_notes(elf, copies=False):
    arm = elf.machine == EM_AARCH64
    notes = [n for n in elf.notes() if n.provider == "viz"]
    kinds = [k for k in ARGUMENTS if k != "batch" or not arm]
    if len(notes) > len(kinds) and copies:
        # ThinLTO keeps a copy of each unit's stubs. Those that the program calls count, by their symbols.
        symbols = elf.symbols()
        notes = [n for n in notes if symbols["viz__probe_" + n.name].address == n.address - 4]
    loaded = elf.loaded_notes()
    expect(all((n.address, n.semaphore) in loaded[n.name] for n in notes), "loaded notes: %s" % loaded)
    expect(copies or sum(map(len, loaded.values())) == len(notes), "loaded notes: %s" % loaded)
    expect(sorted(n.name for n in notes) == sorted(kinds), "notes: %s" % [n.name for n in notes])
    check_pool(elf, not arm)
    base = elf.section(".stapsdt.base")
    expect(base is not None, "no section .stapsdt.base")
    for n in notes:
        expect(n.args == arguments(n.name, arm), "%s: arguments '%s'" % (n.name, n.args))
        expect(n.base == base.address, "%s: base %#x, its section is at %#x" % (n.name, n.base, base.address))
        code = STUB[arm] + n.name.encode() + b"\0"
        stub = elf.bytes_at(n.address - 4, len(code))
        expect(stub == code, "%s: stub %s" % (n.name, stub.hex()))
        probes = elf.section_at(n.semaphore)
        expect(probes is not None and probes.name == ".probes", "%s: semaphore at %#x" % (n.name, n.semaphore))
        expect(probes.type == SHT_PROGBITS and probes.flags == SHF_WRITE | SHF_ALLOC and probes.offset > 0,
               "%s: .probes has type %d, flags %#x, offset %d" % (n.name, probes.type, probes.flags, probes.offset))
        expect(elf.bytes_at(n.semaphore, 2) == b"\0\0", "%s: the semaphore is not 0" % n.name)
    expect(len({n.semaphore for n in notes}) == len(notes), "two probes share a semaphore")
    expect(len({n.address for n in notes}) == len(notes), "two probes share a stub")


def layout(printed):
    """{(tag, kind, (attr, ...)), ...} from the lines that the program prints about itself."""
    rows = []
    for line in printed.splitlines():
        words = line.split()
        if words and words[0] == "class":
            rows.append((words[1], int(words[2]), int(words[3]), []))
        elif words and words[0] == "attr":
            # offset, type, stride, count, list, dict
            rows[-1][3].append((words[2], int(words[3]), int(words[4]), int(words[5]), int(words[6]), int(words[7]),
                                "" if words[8] == "-" else words[8]))
    for tag, _, n, attrs in rows:
        expect(n == len(attrs), "the program prints %d attributes of %s, not %d" % (len(attrs), tag, n))
    return {(tag, kind, tuple(attrs)) for tag, kind, _, attrs in rows}


def strings_in(elf_classes, attrs, at):
    """Offsets at which a char * lies."""
    for a in attrs:
        if a.type in (STRP, JSONP):
            for i in range(a.count):
                yield at + a.offset + 8 * i
        elif a.type == DICT:
            inner = [c for c in elf_classes if c.kind == 3 and c.tag == a.dict and c.line == a.line]
            expect(inner, "dict %s of line %d is nowhere" % (a.dict, a.line))
            expect(inner[0].span_size <= a.stride, "dict %s is longer than its stride" % a.dict)
            yield from strings_in(elf_classes, inner[0].attrs, at + a.offset)


def check_classes(elf, expected, required):
    section = elf.section("viz_classes")
    expect(section is not None and section.type == SHT_PROGBITS, "no section viz_classes with contents")
    classes = elf.classes()
    found = set()
    for c in classes:
        expect(c.address % 8 == 0, "%s is not aligned" % c.tag)
        found.add((c.tag, c.kind, tuple((a.name, a.offset, a.type, a.stride, a.count, a.list, a.dict) for a in c.attrs)))
        first = min([a.offset for a in c.attrs] + ([0] if c.kind != 3 else []))
        last = max([a.offset + a.stride * a.count for a in c.attrs] + ([BASE_SIZE] if c.kind != 3 else []))
        expect(c.span_offset % 8 == 0 and c.span_offset <= min(first, 0) < c.span_offset + 8 and
               c.span_offset + c.span_size == last, "%s: span %d, %d" % (c.tag, c.span_offset, c.span_size))
        bits = {8 * (64 * w + b) + c.span_offset for w in range(8) for b in range(64) if c.strings[w] >> b & 1}
        want = set(strings_in(classes, c.attrs, 0))
        expect(bits == want, "%s: char * at %s, not at %s" % (c.tag, sorted(bits), sorted(want)))
    known = {tag for tag, _, _ in expected}
    wrong = [c for c in found if c[0] in known and c not in expected]
    expect(not wrong, "descriptors differ from what the compiler says:\n%s\n%s" %
           (wrong[:1], [c for c in expected if wrong and c[0] == wrong[0][0]]))
    expect(required <= {c[0] for c in found}, "no descriptor for %s" % sorted(required - {c[0] for c in found}))
    expect({c[0] for c in found} <= known | {"only_here"}, "unknown descriptors")


SHARED_TYPES = {"numbers", "limits", "origin", "everything", "account", "savings", "bonus"}


@functools.lru_cache(maxsize=None)
def c_layout(machine):
    """What types.h looks like, by a plain build of every_macro.c: for programs that only print their own structs."""
    with tempfile.TemporaryDirectory() as d:
        compilers = AARCH64 if machine == EM_AARCH64 else COMPILERS
        compiler = next(c.split() for c, _ in compilers if not command([*c.split(), "--version"])[0])
        must([*compiler, "-I", INCLUDE, path("every_macro.c"), path("other.c"), "-o", d + "/a"], "build")
        return layout(run("run", d + "/a"))


def check_program(file, library=None, copies=False):
    printed = run("run untraced", file)
    raised = run("run with raised semaphores", file, "on")
    expect(printed == raised, "it prints something else with raised semaphores")
    expected = layout(printed)
    own = {tag for tag, _, _ in expected}
    elf = Elf(file)
    check_notes(elf, copies)
    check_classes(elf, expected | c_layout(elf.machine) if own.isdisjoint(SHARED_TYPES) else expected,
                  own | SHARED_TYPES | (set() if library else {"only_here"}))
    if library:
        elf = Elf(library)
        check_notes(elf)
        check_classes(elf, c_layout(elf.machine), SHARED_TYPES | {"only_here"})


def check_disabled(file, optimised):
    expected = layout(run("run", file))
    run("run with argument", file, "on")
    expect(expected, "the program prints nothing")
    elf = Elf(file)
    for section in (".note.stapsdt", ".note.viz", ".probes", ".stapsdt.base", "viz_classes"):
        s = elf.section(section)
        expect(s is None or section == ".note.stapsdt" and not [n for n in elf.notes() if n.provider == "viz"],
               "VIZ_PROBE_DISABLE leaves %s" % section)
    symbols = elf.symbols()
    # What SET needs to copy a string is no probe.
    left = [s for s in symbols if s.startswith(("viz_", "_viz")) and s.split(".")[0] != "viz__copy"]
    left = [s for s in left if not s.startswith("_ZN8viz__cpp5store")]
    expect(not left, "VIZ_PROBE_DISABLE leaves %s" % left)
    if optimised and "with_probes" in symbols:
        sizes = symbols["with_probes"].size, symbols["without_probes"].size
        expect(sizes[0] == sizes[1], "VIZ_PROBE_DISABLE leaves code: %d bytes, not %d" % sizes)


def build(d, compiler, flags, sources, output, language=None):
    cross = [] if language is None else ["-x", language]
    output = os.path.join(d, output)
    out = must([*compiler.split(), *STRICT, *flags, "-I", INCLUDE, *cross, *sources, "-o", output], "build")
    expect(out == "", "the compiler says:\n" + out[:3000])
    return output


def program(compiler, flags, source, disabled=False, language=None):
    need(compiler, *flags)

    def both(d):
        # every_macro.cc is linked with a unit in C, every_macro.c with one in its own language.
        if source.endswith(".cc"):
            c = compiler.replace("clang++", "clang").replace("g++", "gcc")
            plain = [f for f in flags if f.startswith(("-f", "-O")) and not f.startswith("-fuse-ld")]
            other = build(d, c, plain + define + ["-c"], [path("other.c")], "other.o")
            return build(d, compiler, flags + define, [path(source), other], "app")
        return build(d, compiler, flags + define, [path(source), path("other.c")], "app", language)

    define = ["-DVIZ_PROBE_DISABLE"] if disabled else []
    with tempfile.TemporaryDirectory() as d:
        app = both(d)
        if disabled:
            check_disabled(app, flags[-1] in ("-O1", "-O2", "-O3"))
        else:
            check_program(app, copies="-flto=thin" in flags)


def shared(compiler, flags, source, language=None):
    """An app and a shared library, both with probes."""
    need(compiler, *flags, "-fPIC", "-shared")
    with tempfile.TemporaryDirectory() as d:
        library = build(d, compiler, flags + ["-fPIC", "-shared"], [path("other.c")], "libother.so", language)
        rest = ["-L" + d, "-lother", "-Wl,-rpath," + d]
        app = build(d, compiler, flags, [path(source), *rest], "app", language)
        check_program(app, library)


def only_set(compiler, flags):
    """A program that uses one macro, with sections dropped: a note that is there points to a stub that is there."""
    need(compiler, *flags)
    with tempfile.TemporaryDirectory() as d:
        app = build(d, compiler, flags, [path("one_macro.c")], "app")
        run("run", app)
        elf = Elf(app)
        stub = STUB[elf.machine == EM_AARCH64]
        notes = [n for n in elf.notes() if n.provider == "viz"]
        expect("set" in [n.name for n in notes], "no note for set")
        expect(len({n.name for n in notes}) == len(notes), "a note twice")
        for n in notes:
            expect(elf.bytes_at(n.address - 4, len(stub)) == stub, "%s: no stub at %#x" % (n.name, n.address))
            s = elf.section_at(n.semaphore)
            expect(s is not None and s.name == ".probes", "%s: no semaphore at %#x" % (n.name, n.semaphore))
        loaded = elf.loaded_notes()
        expect(loaded == {n.name: [(n.address, n.semaphore)] for n in notes}, "loaded notes: %s" % loaded)
        expect([c.tag for c in elf.classes()] == ["only_counter"], "descriptors: %s" % [c.tag for c in elf.classes()])


def same_layout(compiler, level):
    """Where nothing can run: the layout for aarch64 is that of x86-64 with char unsigned."""
    need(compiler)
    need("gcc")
    with tempfile.TemporaryDirectory() as d:
        elf = Elf(build(d, compiler, [level], [path("every_macro.c"), path("other.c")], "app"))
        expect(elf.machine == EM_AARCH64, "not for aarch64")
        check_notes(elf)
        here = build(d, "gcc", ["-funsigned-char"], [path("every_macro.c"), path("other.c")], "here")
        check_classes(elf, layout(run("run", here)), SHARED_TYPES | {"only_here"})


def freestanding(compiler, flags):
    need(compiler, "-c", *[f for f in flags if not f.startswith("-D")])
    with tempfile.TemporaryDirectory() as d:
        source = os.path.join(d, "a.c")
        with open(source, "w") as f:
            f.write('#include "viztrace.h"\nint size(void);\nint size(void) { return sizeof(struct viz_class); }\n')
        build(d, compiler, flags + ["-DVIZ_PROBE_DISABLE", "-ffreestanding", "-c"], [source], "a.o")


LINKS = [  # name, flags
    ("static", ["-static"]),
    ("static-pie", ["-static-pie", "-fPIE"]),
    ("pie", ["-fPIE", "-pie"]),
    ("no-pie", ["-fno-pie", "-no-pie"]),
    ("fPIC", ["-fPIC"]),
    ("gc-sections", ["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"]),
    ("gc-sections static", ["-static", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"]),
    ("lld gc-sections", ["-fuse-ld=lld", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"]),
    ("gold", ["-fuse-ld=gold"]),
    ("lld icf", ["-fuse-ld=lld", "-ffunction-sections", "-Wl,--icf=all"]),
    ("mold icf", ["-fuse-ld=mold", "-ffunction-sections", "-Wl,--icf=all"]),
    ("gold icf", ["-fuse-ld=gold", "-ffunction-sections", "-Wl,--icf=all"]),
    ("frame pointers", ["-fno-omit-frame-pointer"]),
    ("hidden", ["-fvisibility=hidden", "-fcf-protection=full"]),
    ("sanitized", ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]),
]
AARCH64_LINKS = [("static", ["-static"]), ("pie", ["-fPIE", "-pie"]), ("no-pie", ["-fno-pie", "-no-pie"]),
                 ("gc-sections", ["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"]),
                 ("branch protection", ["-mbranch-protection=standard"])]
LTO = {"gcc": [("lto", ["-flto"]), ("lto gc-sections", ["-flto", "-Wl,--gc-sections", "-ffunction-sections"]),
               ("lto one by one", ["-flto=2", "-flto-partition=max"])],
       "clang": [("lto", ["-flto", "-fuse-ld=lld"]), ("lto thin", ["-flto=thin", "-fuse-ld=lld"]),
                 ("lto gc-sections", ["-flto", "-fuse-ld=lld", "-Wl,--gc-sections", "-ffunction-sections"])]}


def jobs():
    made = []

    def add(name, function, *args, **options):
        made.append(Job("matrix: " + name, lambda: function(*args, **options)))

    for cc, cxx in COMPILERS:
        for level in LEVELS:
            for std in C_STANDARDS:
                add("%s %s %s" % (cc, std, level), program, cc, ["-std=" + std, level], "every_macro.c")
            for std in CXX_STANDARDS:
                add("%s %s %s" % (cxx, std, level), program, cxx, ["-std=" + std, level], "every_macro.cc")
                if level == "-O2":
                    add("%s %s %s, C as C++" % (cxx, std, level), program, cxx, ["-std=" + std, level],
                        "every_macro.c", language="c++")
        for level in ("-O0", "-O2"):
            for std in C_STANDARDS[::3]:
                add("%s %s %s disabled" % (cc, std, level), program, cc, ["-std=" + std, level], "every_macro.c", True)
            for std in CXX_STANDARDS[::4]:
                add("%s %s %s disabled" % (cxx, std, level), program, cxx, ["-std=" + std, level], "every_macro.cc", True)
            for link, flags in LINKS + LTO[cc]:
                add("%s %s %s" % (cc, link, level), program, cc, flags + [level], "every_macro.c")
            for link, flags in [("shared", []), ("shared gc-sections", LINKS[5][1])] + LTO[cc][:1]:
                add("%s shared library, %s %s" % (cc, link, level), shared, cc, flags + [level], "every_macro.c")
            add("%s one macro %s" % (cc, level), only_set, cc, [level])
            for link, flags in [k for k in LINKS if "gc-sections" in k[0]]:
                add("%s one macro, %s %s" % (cc, link, level), only_set, cc, flags + [level])
        for link, flags in [k for k in LINKS if k[0] in ("static", "pie", "gc-sections", "sanitized")] + LTO[cc][:2]:
            add("%s %s -O2" % (cxx, link), program, cxx, ["-std=c++17"] + flags + ["-O2"], "every_macro.cc")
        if cxx == "clang++":
            for std in CXX_STANDARDS:
                add("%s %s %s" % (cxx, LIBCXX, std), program, cxx, [LIBCXX, "-std=" + std, "-O2"], "every_macro.cc")
        add("%s shared library -O2" % cxx, shared, cxx, ["-O2"], "every_macro.c", "c++")
        add("%s disabled, C as C++" % cxx, program, cxx, ["-O2"], "every_macro.c", True, "c++")
        add("%s freestanding" % cc, freestanding, cc, ["-O2"])
    for level in ("-O0", "-O2"):
        for link, flags in (("dynamic", []), ("static", ["-static"]), ("gc-sections", LINKS[5][1])):
            add("musl-gcc %s %s" % (link, level), program, "musl-gcc", flags + [level], "every_macro.c")
        add("musl-gcc shared library %s" % level, shared, "musl-gcc", [level], "every_macro.c")
        add("musl-gcc disabled %s" % level, program, "musl-gcc", [level], "every_macro.c", True)
        for cc, cxx in AARCH64:
            add("%s layout %s" % (cc, level), same_layout, cc, level)
            for std in C_STANDARDS[::3]:
                add("%s %s %s" % (cc, std, level), program, cc, ["-std=" + std, level], "every_macro.c")
            for std in CXX_STANDARDS[::4]:
                add("%s %s %s" % (cxx, std, level), program, cxx, ["-std=" + std, level], "every_macro.cc")
            add("%s one macro %s" % (cc, level), only_set, cc, [level])
            add("%s disabled %s" % (cc, level), program, cc, [level], "every_macro.c", True)
    for cc, cxx in AARCH64:
        for link, flags in AARCH64_LINKS + ([("lto", ["-flto"])] if "gcc" in cc else []):
            add("%s %s -O2" % (cc, link), program, cc, flags + ["-O2"], "every_macro.c")
        add("%s shared library -O2" % cc, shared, cc, ["-O2"], "every_macro.c")
        add("%s C as C++ -O2" % cxx, program, cxx, ["-O2"], "every_macro.c", language="c++")
        add("%s freestanding" % cc, freestanding, cc, ["-O2"])
    add("clang for BPF", freestanding, "clang", ["--target=bpf", "-O2", "-g"])
    return made
