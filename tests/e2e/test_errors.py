# SPDX-License-Identifier: BSD-2-Clause
"""Each way to fail has its exit code and one line that names the thing."""
import os
import random
import shutil
import struct
import subprocess

import harness

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


class Failing(harness.Case):
    def fails(self, code, *args, naming=(), **more):
        """The tool ends with this code and says one line in which each of `naming` is."""
        tool = self.tool(*args, **more)
        self.assertEqual(tool.wait(), code, "%r: %s" % (args, tool.messages()))
        lines = tool.messages().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith("viztrace-bpf: "), lines)
        for name in naming:
            self.assertIn(str(name), lines[0])
        self.assertEqual(tool.out.data, b"")
        self.assertEqual([p.name for p in self.dir.iterdir() if p.suffix == ".json" or p.name.startswith(".")], [])
        return lines[0]


class Processes(Failing):
    def test_no_such_process(self):
        child = harness.run("true")
        self.assertEqual(child.returncode, 0)
        gone = subprocess.Popen(["true"])
        gone.wait()
        self.fails(harness.EXIT_NO_PROCESS, "-p", gone.pid, "-o", "t.json", naming=[gone.pid])

    def test_a_threads_id(self):
        target = self.target(harness.build("steady"))
        tid = max(int(t) for t in os.listdir("/proc/%d/task" % target.pid))
        self.assertNotEqual(tid, target.pid)
        self.fails(harness.EXIT_NO_PROCESS, "-p", tid, naming=[tid, "-p %d" % target.pid])

    def test_a_process_without_probes(self):
        sleep = harness.Process(["sleep", "1000"])
        self.addCleanup(sleep.clean_up)
        self.assertTrue(harness.wait_until(lambda: comm(sleep.pid) == "sleep"))
        self.fails(harness.EXIT_NO_PROBES, "--no-wait", "-p", sleep.pid, naming=[sleep.pid, "sleep", "viztrace.h"])

    def test_a_program_built_with_probes_disabled(self):
        program = harness.build("disabled", "disabled.c", flags=("-O2", "-DVIZ_PROBE_DISABLE"))
        target = self.target(program)
        self.fails(harness.EXIT_NO_PROBES, "--no-wait", "-p", target.pid, naming=[target.pid])
        target.tell()
        self.assertEqual(target.wait(), 0)

    def test_a_kernel_thread(self):
        pid = next((p for p in map(int, filter(str.isdigit, os.listdir("/proc"))) if is_kernel_thread(p)), None)
        if not pid:
            self.skipTest("no kernel threads to be seen")
        self.fails(harness.EXIT_NO_PROBES, "-p", pid, naming=[pid])

    def test_a_zombie(self):
        zombie = subprocess.Popen(["true"])
        try:
            self.assertTrue(harness.wait_until(lambda: harness.state(zombie.pid) == "Z"))
            tool = self.tool("-p", zombie.pid)
            self.assertIn(tool.wait(), (harness.EXIT_NO_PROCESS, harness.EXIT_NO_PROBES), tool.messages())
            self.assertEqual(len(tool.messages().splitlines()), 1, tool.messages())
            self.assertIn(str(zombie.pid), tool.messages())
        finally:
            zombie.wait()


class Permission(Failing):
    def setUp(self):
        super().setUp()
        if not harness.have("setpriv"):
            self.skipTest("no setpriv")
        os.chmod(self.dir, 0o777)
        shutil.copy(harness.TOOL, self.dir / "tool")
        os.chmod(self.dir / "tool", 0o755)
        self.as_nobody = [*NOBODY, self.dir / "tool"]

    def nobody(self, *args, naming):
        child = harness.run(*self.as_nobody, *args, cwd=self.dir)
        self.assertEqual(child.returncode, harness.EXIT_PERMISSION, child.stderr)
        self.assertEqual(len(child.stderr.splitlines()), 1, child.stderr)
        for name in naming:
            self.assertIn(name, child.stderr)

    def test_not_root_and_not_ones_own_process(self):
        target = self.target(harness.build("steady"))
        self.nobody("-p", target.pid, naming=[str(target.pid), "sudo"])

    def test_not_root_but_ones_own_process(self):
        program = shutil.copy(harness.build("steady"), self.dir / "program")
        os.chmod(program, 0o755)
        target = self.target(*[NOBODY[0]], *NOBODY[1:], program)
        self.nobody("-p", target.pid, naming=["CAP_BPF", "sudo"])

    def test_list_needs_no_rights_for_a_file(self):
        program = shutil.copy(harness.build("steady"), self.dir / "program")
        os.chmod(program, 0o755)
        child = harness.run(*self.as_nobody, "list", program)
        self.assertEqual(child.returncode, 0, child.stderr)
        self.assertIn("gauge", child.stdout)


class Output(Failing):
    def setUp(self):
        super().setUp()
        self.steady = self.target(harness.build("steady", "steady.c"), "--still")

    def fails_to_write(self, path):
        self.fails(harness.EXIT_OUTPUT, "-p", self.steady.pid, "-o", path, naming=[path])
        self.assertEqual(self.steady.semaphores(), 0)

    def test_a_folder_that_does_not_exist(self):
        self.fails_to_write("nowhere/trace.json")

    def test_a_folder_that_is_a_file(self):
        (self.dir / "file").write_text("")
        self.fails_to_write("file/trace.json")

    def test_a_folder_that_takes_no_files(self):
        self.fails_to_write("/proc/trace.json")

    def test_a_directory(self):
        (self.dir / "folder").mkdir()
        self.fails_to_write("folder")
        self.fails_to_write("folder/")
        self.fails_to_write(".")

    def test_a_name_that_is_too_long(self):
        self.fails_to_write("x" * 300)


class Usage(Failing):
    def test_bad_options(self):
        for args, naming in (
                ((), ["-p"]),
                (("-p",), ["-p"]),
                (("-p", ""), ["-p"]),
                (("-p", "0"), ["0"]),
                (("-p", "-5"), ["-5"]),
                (("-p", "12x"), ["12x"]),
                (("-p", "99999999999999999999"), ["99999999999999999999"]),
                (("-p", "1", "-d", "0"), ["-d", "0"]),
                (("-p", "1", "-d", "-1"), ["-d", "-1"]),
                (("-p", "1", "-d", "nan"), ["-d", "nan"]),
                (("-p", "1", "-d", "inf"), ["-d", "inf"]),
                (("-p", "1", "-d", "2s"), ["-d", "2s"]),
                (("-p", "1", "--ring-size", "1"), ["--ring-size", "1"]),
                (("-p", "1", "--ring-size", "64q"), ["--ring-size", "64q"]),
                (("-p", "1", "--ring-size", "-8M"), ["--ring-size", "-8M"]),
                (("-p", "1", "--ring-size", "2G"), ["--ring-size", "2G"]),
                (("-p", "1", "--ring-size", "99999999999999G"), ["--ring-size"]),
                (("-p", "1", "--max-size", "0"), ["--max-size", "0"]),
                (("-p", "1", "--max-size", "much"), ["--max-size", "much"]),
                (("-p", "1", "-o", ""), ["-o"]),
                (("-p", "1", "--max-size"), ["--max-size"]),
                (("-p", "1", "--nonsense"), ["--nonsense"]),
                (("-p", "1", "-Z"), ["-Z"]),
                (("-p", "1", "-qZ"), ["Z"]),
                (("-p", "1", "extra"), ["extra"]),
                (("list", "-p", "1", "/bin/true"), ["list"]),
                (("list", "/bin/true", "/bin/false"), ["/bin/false"])):
            with self.subTest(args=args):
                self.fails(harness.EXIT_USAGE, *args, naming=naming)

    def test_help_and_version(self):
        done = harness.run(harness.TOOL, "--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for option in ("--pid", "--output", "--duration", "--max-size", "--ring-size", "--fail-on-loss", "--quiet",
                       "--verbose", "list", "exit status"):
            self.assertIn(option, done.stdout)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 100)
        done = harness.run(harness.TOOL, "--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Aviztrace-bpf \d+\.\d+\.\d+\n\Z")


class ListErrors(Failing):
    def list_fails(self, path, code=harness.EXIT_NO_PROBES):
        return self.fails(code, "list", path, naming=[path])

    def test_a_file_that_is_not_there(self):
        self.list_fails(self.dir / "nothing")

    def test_a_text_file(self):
        path = self.dir / "text"
        path.write_text("hello")
        self.list_fails(path)
        path.write_text("")
        self.list_fails(path)

    def test_a_directory_and_a_device(self):
        self.list_fails(self.dir)
        self.list_fails("/dev/null")

    def test_a_fifo_does_not_hang(self):
        os.mkfifo(self.dir / "fifo")
        self.list_fails(self.dir / "fifo")

    def test_a_program_without_probes(self):
        self.assertIn("viztrace.h", self.list_fails("/bin/true"))

    def test_a_truncated_program(self):
        whole = harness.build("steady").read_bytes()
        path = self.dir / "cut"
        for size in (1, 3, 4, 15, 16, 40, 63, 64, 65, 500, 4096):
            with self.subTest(size=size):
                path.write_bytes(whole[:size])
                self.list_fails(path)

    def test_a_program_of_which_only_what_is_not_loaded_is_cut_off(self):
        whole = harness.build("steady").read_bytes()
        (self.dir / "cut").write_bytes(whole[:-1000])
        done = harness.run(harness.TOOL, "list", self.dir / "cut")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, harness.run(harness.TOOL, "list", harness.build("steady")).stdout.replace(
            str(harness.build("steady")), str(self.dir / "cut")))

    def test_programs_of_other_machines(self):
        whole = bytearray(harness.build("steady").read_bytes())
        path = self.dir / "other"
        for at, value in ((4, 1), (5, 2), (18, 183 if os.uname().machine == "x86_64" else 62), (18, 3)):
            other = bytearray(whole)
            other[at] = value
            path.write_bytes(other)
            with self.subTest(byte=at):
                self.list_fails(path)

    def test_damaged_programs_never_crash_it(self):
        whole = harness.build("steady").read_bytes()
        dice = random.Random(1)
        path = self.dir / "damaged"
        notes = whole.find(b"stapsdt")
        classes = whole.find(b"VizC")
        for turn in range(250):
            damaged = bytearray(whole)
            around = (0, len(whole) - 4000, notes, classes, dice.randrange(len(whole)))[turn % 5]
            for _ in range(dice.randrange(1, 20)):
                at = max(0, min(len(whole) - 1, around + dice.randrange(-64, 4000)))
                damaged[at] = dice.choice((0, 255, 127, 128, dice.randrange(256)))
            path.write_bytes(damaged)
            done = subprocess.run([harness.TOOL, "list", path], stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=harness.TIMEOUT, check=False)
            self.assertIn(done.returncode, (0, harness.EXIT_NO_PROBES), done.stderr)

    def test_sizes_that_are_a_hole_cost_nothing(self):
        """8 KB on the disk that say gigabytes, also when root's tracer comes across them in a target."""
        whole = bytearray(harness.build("steady").read_bytes())
        shoff, shnum = struct.unpack_from("<Q", whole, 40)[0], struct.unpack_from("<H", whole, 60)[0]
        for i in range(shnum):
            if struct.unpack_from("<I", whole, shoff + i * 64 + 4)[0] == 7:  # SHT_NOTE
                struct.pack_into("<Q", whole, shoff + i * 64 + 32, 3 << 30)
        path = self.dir / "hole"
        path.write_bytes(whole)
        os.truncate(path, 4 << 30)
        path.chmod(0o755)
        child = os.posix_spawn(harness.TOOL, [harness.TOOL, "list", str(path)], os.environ,
                               file_actions=[(os.POSIX_SPAWN_OPEN, 2, str(self.dir / "said"), os.O_WRONLY | os.O_CREAT, 0o600)])
        _, status, usage = os.wait4(child, 0)
        said = (self.dir / "said").read_text()
        self.assertEqual(os.waitstatus_to_exitcode(status), harness.EXIT_NO_PROBES, said)
        self.assertIn("%s is not read: it asks for more" % path, said)
        self.assertLess(usage.ru_maxrss, 100 << 10)
        target = self.target(path)
        tool = self.tool("-p", target.pid, "-f", "-o", "t.json", "-d", "0.3")
        self.end(tool, 0, None)
        self.assertEqual(tool.messages().count("hole is not read: it asks for more"), 1, tool.messages())


def comm(pid):
    with open("/proc/%d/comm" % pid, encoding="utf-8") as f:
        return f.read().strip()


def is_kernel_thread(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8") as f:
            return int(f.read().rsplit(")", 1)[1].split()[6]) & 0x00200000 != 0  # PF_KTHREAD
    except (OSError, ValueError):
        return False


