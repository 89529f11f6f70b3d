# SPDX-License-Identifier: BSD-2-Clause
"""The tool runs as root and writes where others can write, too: it harms no file and leaves none that is root's."""
import os
import stat

import harness

USER, GROUP = 12345, 12346


class Files(harness.Case):
    def setUp(self):
        super().setUp()
        os.chmod(self.dir, 0o711)
        self.steady = self.target(harness.build("steady"))
        self.shared = self.dir / "shared"
        self.shared.mkdir()
        os.chmod(self.shared, 0o1777)
        self.victim = self.dir / "victim"
        self.victim.write_text("precious")

    def trace_to(self, path, sudo=False, code=0):
        env = {k: v for k, v in os.environ.items() if not k.startswith("SUDO_")}
        if sudo:
            env.update(SUDO_UID=str(USER), SUDO_GID=str(GROUP))
        tool = self.attach(self.steady.pid, output=path, env=env)
        self.steady.ask("work 10")
        self.end(tool, code)
        if not code:
            self.assertEqual(len(self.load(path).samples_of("sum")), 10, tool.messages())
            self.assertEqual([p.name for p in (self.dir / path).parent.iterdir() if p.name.startswith(".viz")], [])

    def owner(self, path):
        s = os.lstat(path)
        return s.st_uid, s.st_gid

    def test_the_file_belongs_to_who_called_sudo(self):
        self.trace_to("shared/t.json", sudo=True)
        self.assertEqual(self.owner(self.shared / "t.json"), (USER, GROUP))

    def test_without_sudo_it_belongs_to_root(self):
        self.trace_to("shared/t.json")
        self.assertEqual(self.owner(self.shared / "t.json"), (0, 0))

    def test_sudo_variables_that_are_nonsense_are_ignored(self):
        for uid in ("-1", "", "0x10", "4294967295", "99999999999", "nobody"):
            with self.subTest(uid=uid):
                tool = self.attach(self.steady.pid, output="shared/t.json",
                                   env=dict(os.environ, SUDO_UID=uid, SUDO_GID="5"))
                self.end(tool)
                self.assertEqual(self.owner(self.shared / "t.json"), (0, 0))

    def test_mode(self):
        old = os.umask(0o022)
        try:
            self.trace_to("shared/t.json")
        finally:
            os.umask(old)
        s = os.lstat(self.shared / "t.json")
        self.assertTrue(stat.S_ISREG(s.st_mode))
        self.assertEqual(stat.S_IMODE(s.st_mode), 0o600)  # what a program says of itself may be for nobody else

    def test_an_existing_file_is_replaced(self):
        path = self.dir / "t.json"
        path.write_text("x" * 1000000)
        self.trace_to("t.json")

    def test_a_hard_link_is_replaced_and_what_it_led_to_stays(self):
        os.link(self.victim, self.dir / "t.json")
        self.trace_to("t.json")
        self.assertEqual(self.victim.read_text(), "precious")

    def planted(self, sudo):
        link = self.shared / "t.json"
        link.symlink_to(self.victim)
        os.lchown(link, 65534, 65534)
        self.trace_to("shared/t.json", sudo=sudo)
        self.assertFalse(link.is_symlink())
        self.assertEqual(self.victim.read_text(), "precious")

    def test_a_link_that_another_user_planted_is_replaced(self):
        self.planted(False)

    def test_a_dangling_link_that_another_user_planted_is_replaced(self):
        link = self.shared / "t.json"
        link.symlink_to(self.dir / "new")
        os.lchown(link, 65534, 65534)
        self.trace_to("shared/t.json")
        self.assertFalse(link.is_symlink())
        self.assertFalse((self.dir / "new").exists())

    def test_a_planted_link_is_not_followed_with_the_rights_of_who_called_sudo(self):
        """That user may not replace it in a sticky folder; root may. In no case is the victim written."""
        link = self.shared / "t.json"
        link.symlink_to(self.victim)
        os.lchown(link, 65534, 65534)
        env = dict(os.environ, SUDO_UID=str(USER), SUDO_GID=str(GROUP))
        tool = self.tool("-p", self.steady.pid, "-o", "shared/t.json", "-d", "0.2", env=env)
        self.assertIn(tool.wait(), (0, harness.EXIT_OUTPUT), tool.messages())
        self.assertEqual(self.victim.read_text(), "precious")

    def test_a_planted_link_to_a_device_is_not_followed(self):
        link = self.shared / "t.json"
        link.symlink_to("/dev/null")
        os.lchown(link, 65534, 65534)
        self.trace_to("shared/t.json")
        self.assertFalse(link.is_symlink())

    def refused(self, path, *options, sudo=False):
        env = {k: v for k, v in os.environ.items() if not k.startswith("SUDO_")}
        if sudo:
            env.update(SUDO_UID=str(USER), SUDO_GID=str(GROUP))
        tool = self.tool("-p", self.steady.pid, *options, env=env)
        self.end(tool, harness.EXIT_OUTPUT, None)
        self.assertIn("cannot write %s: " % path, tool.messages())
        self.assertEqual(self.steady.semaphores(), 0)

    def test_a_fifo_that_another_user_planted_is_not_waited_for(self):
        fifo = self.shared / "t.json"
        os.mkfifo(fifo)
        os.chmod(fifo, 0o666)
        os.chown(fifo, 65534, 65534)
        for sudo in False, True:
            self.refused("shared/t.json", "-o", "shared/t.json", sudo=sudo)

    def test_a_fifo_of_the_default_name_is_not_waited_for(self):
        name = "viztrace-%d.json" % self.steady.pid
        os.mkfifo(self.dir / name)
        self.refused(name)

    def test_root_does_not_go_through_the_folder_of_a_third_user(self):
        """Who could make a link of what is in it at any time. Where the user may write all is as always."""
        other = self.dir / "other"
        (other / "roots").mkdir(parents=True)
        os.chown(other, 4711, 4711)
        self.refused("other/roots/t.json", "-o", "other/roots/t.json", sudo=True)
        self.assertEqual(list((other / "roots").iterdir()), [])
        os.chown(other / "roots", USER, GROUP)
        self.trace_to("other/roots/t.json", sudo=True)
