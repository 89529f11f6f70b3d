# SPDX-License-Identifier: BSD-2-Clause
"""open and --open: what a browser gets, from whom, and that it ends when the browser has it."""
import glob
import json
import os
import re
import signal
import socket
import sys
import time
import unittest

import harness

sys.path.insert(0, str(harness.ROOT / "tests" / "viewer"))
import view  # noqa: E402

# In the place of xdg-open: a browser that reads what a page says, as the page of each viewer does.
BROWSER = """#!/usr/bin/python3
import http.client, json, os, re, sys, urllib.parse
url = sys.argv[1]
said = {"url": url, "uid": os.getuid(), "home": os.environ.get("HOME")}
def get(address, method="GET", **headers):
    u = urllib.parse.urlsplit(address)
    c = http.client.HTTPConnection(u.hostname, u.port, timeout=30)
    c.request(method, u.path or "/", headers=headers)
    r = c.getresponse()
    return r.status, dict(r.getheaders()), r.read()
m = re.match(r"https://ui\\.perfetto\\.dev/#!/\\?url=(http://127\\.0\\.0\\.1:9001/.*)", url)
trace = m[1] if m else url + "trace.json"
origin = re.match(r"http://[^/]*", trace)[0]
said["refused"] = [get(origin + "/trace.json")[0], get(origin + "/" + "0" * 32 + "/trace.json")[0],
                   get(trace + "/../../etc/passwd")[0], get(trace, Host="example.org:80")[0],
                   get(trace, method="POST")[0]]
said["preflight"] = get(trace, method="OPTIONS", Origin="https://ui.perfetto.dev")[1]
if not m:
    page = get(url)[2].decode()
    said["parts"] = {n: len(get(url + n)[2]) for n in re.findall(r'(?:src|href)="([^"]+)"', page)}
status, said["headers"], data = get(trace, Origin="https://ui.perfetto.dev")
said["status"] = status
with open(os.environ["SAID"] + ".trace", "wb") as f:
    f.write(data)
with open(os.environ["SAID"], "w") as f:
    json.dump(said, f)
"""
# As on a machine without the Go sources.
WITHOUT_VIEWER = ("unshare", "--mount", "sh", "-c",
                  'for d in /usr/share/go-1.*; do [ ! -d "$d" ] || mount -t tmpfs none "$d" || exit; done; exec "$@"', "sh")
USER, GROUP = 12345, 12346


def viewer():
    return glob.glob("/usr/share/go-1.*/src/cmd/trace/static/trace_viewer_full.html") + \
        glob.glob("/usr/share/go-1.*/misc/trace/trace_viewer_full.html")


class Show(harness.Case):
    def setUp(self):
        super().setUp()
        os.chmod(self.dir, 0o777)
        self.said = self.dir / "said"
        (self.dir / "bin").mkdir()
        self.browser(BROWSER)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("SUDO_")}
        self.env.update(PATH="%s:%s" % (self.dir / "bin", os.environ["PATH"]), SAID=str(self.said))

    def browser(self, text):
        path = self.dir / "bin" / "xdg-open"
        path.write_text(text)
        path.chmod(0o755)

    def answer(self, trace):
        """What the browser met, after it was given `trace`."""
        said = json.loads(self.said.read_text())
        self.assertEqual(said["status"], 200)
        self.assertEqual((self.dir / "said.trace").read_bytes(), trace)
        self.assertEqual(said["refused"], [404, 404, 404, 403, 404])
        for headers in (said["headers"], said["preflight"]):
            self.assertEqual(headers["Access-Control-Allow-Origin"], "https://ui.perfetto.dev")
        return said

    def opened(self, prefix=()):
        trace = b'{"traceEvents":[' + b" " * 3000000 + b"]}"
        (self.dir / "t.json").write_bytes(trace)
        tool = self.tool("open", "t.json", prefix=list(prefix), env=self.env)
        self.assertEqual(tool.wait(), 0, tool.messages())
        return self.answer(trace)

    def test_perfetto_gets_it_where_its_page_may_load_from(self):
        with harness.one_at_a_time("port-9001"):
            said = self.opened(WITHOUT_VIEWER)
            self.assertTrue(said["url"].startswith("https://ui.perfetto.dev/#!/?url=http://127.0.0.1:9001/"), said["url"])

    def test_port_9001_is_taken(self):
        with harness.one_at_a_time("port-9001"), socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", 9001))
            other.listen()
            (self.dir / "t.json").write_text("[]")
            tool = self.tool("open", "t.json", prefix=list(WITHOUT_VIEWER), env=self.env)
            self.assertEqual(tool.wait(), harness.EXIT_OUTPUT)
            self.assertRegex(tool.messages(), r"cannot serve t\.json on 127\.0\.0\.1:9001: ")

    @unittest.skipUnless(viewer(), "the Go sources' trace viewer is not installed")
    def test_the_local_viewer_gets_its_parts_and_the_trace(self):
        said = self.opened()
        self.assertRegex(said["url"], r"\Ahttp://127\.0\.0\.1:\d+/[0-9a-f]{32}/\Z")
        self.assertEqual(set(said["parts"]), {"webcomponents.min.js", "trace_viewer_full.html"})
        self.assertGreater(said["parts"]["trace_viewer_full.html"], 1000000)

    @unittest.skipUnless(viewer() and harness.have("chromium"), "chromium or the Go sources' trace viewer is not installed")
    def test_the_local_viewer_shows_it(self):
        self.browser("#!/bin/sh\nprintf %%s \"$1\" >%s.half && mv %s.half %s\n" % (self.said, self.said, self.said))
        target = self.target(harness.build("steady"))
        tool = self.attach(target.pid, "--open", env=self.env)
        target.ask("work 100")
        tool.signal(signal.SIGINT)
        self.assertTrue(harness.wait_until(self.said.exists))
        browser = view.Browser(view.find_chromium(), str(self.dir), time.monotonic() + 3 * harness.TIMEOUT)
        try:
            browser.open(self.said.read_text(), 1000, 600)
            self.assertTrue(browser.evaluate("""new Promise(done => {
                const look = () => document.body.dataset.shown ? done(true) : setTimeout(look, 100);
                look();
            })"""))
        finally:
            browser.close()
        self.end(tool, with_signal=None)

    def test_after_tracing_by_who_called_sudo(self):
        self.env.update(SUDO_UID=str(USER), SUDO_GID=str(GROUP))
        target = self.target(harness.build("steady"))
        with harness.one_at_a_time("port-9001"):
            tool = self.attach(target.pid, "--open", env=self.env)
            target.ask("work 10")
            self.end(tool)
        said = self.answer((self.dir / "trace.json").read_bytes())
        self.assertEqual(said["uid"], USER)
        self.load()

    def test_ctrl_c_ends_the_waiting(self):
        self.browser("#!/bin/sh\nexit 3\n")
        (self.dir / "t.json").write_text("[]")
        with harness.one_at_a_time("port-9001"):
            tool = self.tool("open", "t.json", env=self.env)
            self.assertTrue(tool.err.wait_for(b"no browser could be started (xdg-open); open http"))
            tool.signal(signal.SIGINT)
            self.assertEqual(tool.wait(), -signal.SIGINT)

    def test_a_silent_connection_keeps_nobody_waiting(self):
        self.browser("#!/bin/sh\nexit 3\n")
        (self.dir / "t.json").write_text("[]")
        with harness.one_at_a_time("port-9001"):
            tool = self.tool("open", "t.json", env=self.env)
            self.assertTrue(tool.err.wait_for(b" in one"))
            where = re.search(r"http://(127\.0\.0\.1):(\d+)/([0-9a-f]+)/", tool.messages())
            with socket.create_connection((where[1], int(where[2]))):
                with socket.create_connection((where[1], int(where[2]))) as asking:
                    asking.sendall(("GET /%s/trace.json HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n" % (where[3], where[2])).encode())
                    self.assertTrue(asking.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n"))
                self.assertEqual(tool.wait(), 0)

    def test_what_is_no_file(self):
        for args, code in ((("open", "nothing.json"), harness.EXIT_OUTPUT), (("open",), harness.EXIT_USAGE),
                           (("-p", "1", "--open", "-o", "-"), harness.EXIT_USAGE), (("list", "--open"), harness.EXIT_USAGE)):
            tool = self.tool(*args, env=self.env)
            self.assertEqual(tool.wait(), code, tool.messages())
