# SPDX-License-Identifier: BSD-2-Clause
"""What the header leaves in a linked file: USDT notes and class descriptors, read by their layout alone (64-bit little
endian), without readelf and without the header.
"""
import struct
from collections import namedtuple

Section = namedtuple("Section", "name type flags address offset size entsize link")
Symbol = namedtuple("Symbol", "address size")
Note = namedtuple("Note", "provider name args address base semaphore")
Pool = namedtuple("Pool", "address slots lap")
Attr = namedtuple("Attr", "name dict offset stride count type list line")
Class = namedtuple("Class", "tag kind size line span_offset span_size strings attrs address")

SHT_PROGBITS, SHT_NOTE, SHT_NOBITS, SHT_SYMTAB = 1, 7, 8, 2
SHF_WRITE, SHF_ALLOC = 1, 2
EM_X86_64, EM_AARCH64 = 62, 183


def text(raw):
    return raw.split(b"\0", 1)[0].decode()


class Elf:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("%s is no 64-bit little endian ELF file" % path)
        self.machine = struct.unpack_from("<H", self.data, 18)[0]
        shoff = struct.unpack_from("<Q", self.data, 40)[0]
        shentsize, shnum, shstrndx = struct.unpack_from("<HHH", self.data, 58)
        raw = [struct.unpack_from("<IIQQQQIIQQ", self.data, shoff + i * shentsize) for i in range(shnum)]
        names = self.data[raw[shstrndx][4]:][:raw[shstrndx][5]]
        self.sections = [Section(text(names[r[0]:r[0] + 64]), r[1], r[2], r[3], r[4], r[5], r[9], r[6]) for r in raw]

    def section(self, name):
        return next((s for s in self.sections if s.name == name), None)

    def content(self, section):
        return b"" if section is None or section.type == SHT_NOBITS else \
            self.data[section.offset:section.offset + section.size]

    def section_at(self, address):
        return next((s for s in self.sections if s.flags & SHF_ALLOC and s.address <= address < s.address + s.size), None)

    def bytes_at(self, address, size):
        s = self.section_at(address)
        if s is None or s.type == SHT_NOBITS:
            return b""
        return self.data[s.offset + address - s.address:][:size]

    def symbols(self):
        """{name: Symbol}"""
        found = {}
        for s in self.sections:
            if s.type == SHT_SYMTAB:
                strings = self.content(self.sections[s.link])
                for at in range(0, s.size, 24):
                    name, _, _, _, address, size = struct.unpack_from("<IBBHQQ", self.data, s.offset + at)
                    found[text(strings[name:strings.index(b"\0", name)])] = Symbol(address, size)
        return found

    def notes(self):
        found = []
        for s in self.sections:
            if s.name != ".note.stapsdt":
                continue
            data, at = self.content(s), 0
            while at + 12 <= len(data):
                namesz, descsz, kind = struct.unpack_from("<III", data, at)
                at += 12 + (namesz + 3) // 4 * 4
                desc = data[at:at + descsz]
                at += (descsz + 3) // 4 * 4
                if kind == 3:
                    provider, name, args = [t.decode() for t in desc[24:].split(b"\0")[:3]]
                    found.append(Note(provider, name, args, *struct.unpack_from("<QQQ", desc)))
        return found

    def loaded_notes(self):
        """{kind: (address of the nop, address of the semaphore)} of the notes that are in memory, too."""
        found = {}
        s = self.section(".note.viz")
        data, at = self.content(s), 0
        while at + 12 <= len(data):
            namesz, descsz, kind = struct.unpack_from("<III", data, at)
            desc = at + 12 + (namesz + 3) // 4 * 4
            if data[at + 12:desc] != b"viz\0" or kind not in (1, 2) or not s.flags & SHF_ALLOC:
                raise ValueError("no note of ours at byte %d" % at)
            at = desc + (descsz + 3) // 4 * 4
            if kind == 2:
                continue
            nop, semaphore = struct.unpack_from("<qq", data, desc)
            name = text(data[desc + 16:desc + descsz])
            found.setdefault(name, []).append((s.address + desc + nop, s.address + desc + 8 + semaphore))
        return found

    def pools(self):
        found, s, at = [], self.section(".note.viz"), 0
        data = self.content(s)
        while at + 12 <= len(data):
            namesz, descsz, kind = struct.unpack_from("<III", data, at)
            desc = at + 12 + (namesz + 3) // 4 * 4
            at = desc + (descsz + 3) // 4 * 4
            if kind == 2:
                distance, slots, lap = struct.unpack_from("<qII", data, desc)
                found.append(Pool(s.address + desc + distance, slots, lap))
        return found

    def classes(self):
        found = []
        for s in self.sections:
            if s.name != "viz_classes":
                continue
            data, at = self.content(s), 0
            while at + 128 <= len(data):
                magic, version, kind, n, size, line, span_offset, span_size = struct.unpack_from("<IHBBIIiI", data, at)
                if magic == 0:
                    at += 8
                    continue
                if magic != 0x437A6956 or version != 1 or size != 128 + 96 * n:
                    raise ValueError("no class descriptor at byte %d of %d" % (at, len(data)))
                strings = struct.unpack_from("<8Q", data, at + 24)
                attrs = []
                for i in range(n):
                    name, dct, offset, stride, count, kind_of, flags, dict_line = struct.unpack_from(
                        "<40s40siIHBBI", data, at + 128 + 96 * i)
                    attrs.append(Attr(text(name), text(dct), offset, stride, count, kind_of, flags, dict_line))
                found.append(Class(text(data[at + 88:at + 128]), kind, size, line, span_offset, span_size,
                                   strings, attrs, s.address + at))
                at += size
        return found
