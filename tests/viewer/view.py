#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Load a Chrome trace JSON file in the real catapult trace viewer.

Runs the viewer page of Debian's golang-*-src package in headless Chromium and
prints one JSON object telling what the viewer imported: warnings, counters,
objects, slices, instants, names and bounds.  Times are in microseconds, as in
the file; the viewer calculates in floating point milliseconds, so that with
large times the last nanosecond may differ.  Thread-scoped instants are counted
apart from slices.  With --screenshot it also saves a picture of the timeline.

Exit status: 0 imported, 1 import failed (see "error" in the output),
2 wrong usage, 77 Chromium or the viewer page is not installed.
"""

import argparse
import base64
import fcntl
import functools
import glob
import http.server
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
EXIT_MISSING = 77

# Where the Go releases which shipped the page kept it.
PAGE_GLOBS = (
    "/usr/share/go-*/src/cmd/trace/static/trace_viewer_full.html",
    "/usr/share/go-*/src/internal/trace/traceviewer/static/"
    "trace_viewer_full.html",
)

CHROMIUM_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--no-default-browser-check",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps", "--disable-extensions",
    "--disable-breakpad", "--disable-dev-shm-usage", "--no-pings",
    "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, "
    "EXCLUDE 127.0.0.1", "--js-flags=--max-old-space-size=4096",
    "--remote-debugging-pipe",
)


class ViewError(Exception):
    """The trace could not be imported or shown."""


class Missing(Exception):
    """Something is not installed."""


def find_page():
    """Return the paths of the viewer page and of its polyfill."""
    pages = [page for pattern in PAGE_GLOBS for page in glob.glob(pattern)]
    # The newest Go release first.
    pages.sort(key=lambda page: [int(n) for n in re.findall(r"\d+", page)],
               reverse=True)
    for page in pages:
        polyfill = os.path.join(os.path.dirname(page), "webcomponents.min.js")
        if os.path.exists(polyfill):
            return page, polyfill
    raise Missing("trace_viewer_full.html not found: "
                  "install the Debian package golang-1.19-src")


def find_chromium():
    """Return the path of the browser."""
    path = shutil.which("chromium")
    if path is None:
        raise Missing("chromium not found: "
                      "install the Debian package chromium")
    return path


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves a fixed set of files."""

    def __init__(self, files, *args):
        self.files = files
        super().__init__(*args)

    def do_GET(self):  # pylint: disable=invalid-name
        """Send the file which the path stands for."""
        path, content_type = self.files.get(self.path, (None, None))
        if path is None:
            self.send_error(404)
            return
        try:
            with open(path, "rb") as file:
                self.send_response(200)
                self.send_header("Content-Type", content_type)
                self.end_headers()
                shutil.copyfileobj(file, self.wfile, 1 << 20)
        except ConnectionError:
            pass  # The browser ended meanwhile.

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Be quiet."""


class Browser:
    """A headless Chromium, driven through its DevTools pipe."""

    def __init__(self, path, tmp, deadline):
        self.deadline = deadline
        self.buffer = bytearray()
        self.last_id = 0
        self.session = None
        self.exceptions = []
        self.log = os.path.join(tmp, "chromium.log")
        # Chromium reads commands from descriptor 3 and answers on 4; keep
        # ours above these, so that dup2 does not overwrite one of them.
        command_read, self.command = map(self._high, os.pipe())
        self.answer, answer_write = map(self._high, os.pipe())

        def set_pipes():
            os.dup2(command_read, 3)
            os.dup2(answer_write, 4)

        env = dict(os.environ, HOME=tmp, TMPDIR=tmp, XDG_CONFIG_HOME=tmp,
                   XDG_CACHE_HOME=tmp, XDG_RUNTIME_DIR=tmp)
        with open(self.log, "wb") as log:
            # pylint: disable=subprocess-popen-preexec-fn,consider-using-with
            self.process = subprocess.Popen(
                [path, *CHROMIUM_FLAGS,
                 "--user-data-dir=" + os.path.join(tmp, "profile")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                cwd=tmp, start_new_session=True, preexec_fn=set_pipes,
                # Python's own descriptors close on exec anyway.
                close_fds=False)
        os.close(command_read)
        os.close(answer_write)

    @staticmethod
    def _high(fd):
        """Move a descriptor out of the way of 3 and 4."""
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
        os.close(fd)
        return high

    def _receive(self):
        """Return the next message: JSON, terminated by a zero byte."""
        start = 0
        while True:
            end = self.buffer.find(b"\0", start)
            if end >= 0:
                message = json.loads(self.buffer[:end])
                del self.buffer[:end + 1]
                return message
            start = len(self.buffer)
            left = self.deadline - time.monotonic()
            if left <= 0 or not select.select([self.answer], [], [], left)[0]:
                raise ViewError("timed out")
            data = os.read(self.answer, 1 << 20)
            if not data:
                raise ViewError("chromium ended unexpectedly:\n" +
                                self._log_tail())
            self.buffer += data

    def _log_tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:]

    def _next(self):
        """Return the next message, noting what the page reports."""
        message = self._receive()
        method = message.get("method")
        if method == "Runtime.exceptionThrown":
            details = message["params"]["exceptionDetails"]
            self.exceptions.append(self._exception_text(details))
        elif method in ("Inspector.targetCrashed",
                        "Target.detachedFromTarget"):
            raise ViewError("the viewer's page crashed (out of memory?)")
        return message

    @staticmethod
    def _exception_text(details):
        text = details.get("exception", {}).get("description")
        return text or details.get("text", "unknown exception")

    def call(self, method, **params):
        """Call a DevTools method and return its result."""
        self.last_id += 1
        request = {"id": self.last_id, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        try:
            while data:
                data = data[os.write(self.command, data):]
        except BrokenPipeError:
            pass  # Reading tells more.
        while True:
            message = self._next()
            if message.get("id") == self.last_id:
                break
        if "error" in message:
            raise ViewError(f"{method}: {message['error'].get('message')}")
        return message["result"]

    def open(self, url, width, height):
        """Open a tab of the given size and wait until the page is loaded."""
        target = self.call("Target.createTarget", url="about:blank")
        self.session = self.call("Target.attachToTarget", flatten=True,
                                 targetId=target["targetId"])["sessionId"]
        for domain in ("Inspector", "Page", "Runtime"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=height, deviceScaleFactor=1, mobile=False)
        error = self.call("Page.navigate", url=url).get("errorText")
        if error:
            raise ViewError("page not loaded: " + error)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, expression):
        """Return the value of a JavaScript expression, or of its promise."""
        result = self.call("Runtime.evaluate", expression=expression,
                           awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise ViewError("\n".join(
                [self._exception_text(result["exceptionDetails"])] +
                self.exceptions))
        return result["result"].get("value")

    def screenshot(self, path):
        """Save a picture of the page as PNG."""
        picture = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture))

    def close(self):
        """End the browser and everything it started."""
        os.close(self.command)  # Chromium quits when its pipe is closed.
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.answer)


def remove_tree(path):
    """Remove a directory to which dying processes may still write."""
    for _ in range(50):
        shutil.rmtree(path, ignore_errors=True)
        if not os.path.exists(path):
            return
        time.sleep(0.1)
    print(f"view.py: could not remove {path}", file=sys.stderr)


def view(args):
    """Import the trace; return what to print."""
    page, polyfill = find_page()
    chromium = find_chromium()
    text = "text/html; charset=utf-8"
    files = {
        "/": (os.path.join(HERE, "page.html"), text),
        "/trace_viewer_full.html": (page, text),
        "/webcomponents.min.js": (polyfill, "text/javascript"),
        "/trace": (args.trace, "application/octet-stream"),
    }
    tmp = tempfile.mkdtemp(prefix="viztrace-view-")
    browser = server = None
    result = {"error": None, "warnings": []}
    try:
        # Before the server's thread: a fork is safest with one thread.
        browser = Browser(chromium, tmp, time.monotonic() + args.timeout)
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, files))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser.open(f"http://127.0.0.1:{server.server_port}/", *args.size)
        result = json.loads(browser.evaluate("importTrace()"))
        if args.screenshot and result["error"] is None:
            title = json.dumps(os.path.basename(args.trace))
            expand = json.dumps(args.expand)
            browser.evaluate(f"showTrace({title}, {expand})")
            browser.screenshot(args.screenshot)
    except ViewError as error:
        result["error"] = str(error)
    finally:
        if browser:
            browser.close()
        if server:
            server.shutdown()
            server.server_close()
        remove_tree(tmp)
    return result


def parse_size(value):
    """Parse WIDTHxHEIGHT."""
    match = re.fullmatch(r"([1-9]\d{1,4})x([1-9]\d{1,4})", value)
    if not match:
        raise argparse.ArgumentTypeError(f"{value!r} is not like 1600x1000")
    return int(match[1]), int(match[2])


def main():
    """Run the command line tool; return the exit status."""
    parser = argparse.ArgumentParser(
        description="Load a Chrome trace in the catapult trace viewer and "
        "print what it imported, as JSON.")
    parser.add_argument("trace", metavar="TRACE.json",
                        help="the trace, may be compressed by gzip")
    parser.add_argument("--screenshot", metavar="FILE.png",
                        help="save a picture of the timeline")
    parser.add_argument("--size", type=parse_size, default=(1600, 1000),
                        metavar="WxH", help="size of the picture "
                        "(default: 1600x1000)")
    parser.add_argument("--expand", default=True,
                        action=argparse.BooleanOptionalAction,
                        help="expand collapsed tracks in the picture")
    parser.add_argument("--timeout", type=float, default=120,
                        metavar="SECONDS", help="default: 120")
    args = parser.parse_args()
    if not os.path.exists(args.trace):
        parser.error(f"no such file: {args.trace}")

    # A terminated harness must not leave a browser behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        result = view(args)
    except Missing as missing:
        print(f"view.py: {missing}", file=sys.stderr)
        return EXIT_MISSING
    json.dump(result, sys.stdout, indent=1, ensure_ascii=False)
    print()
    return 0 if result["error"] is None else 1


if __name__ == "__main__":
    sys.exit(main())
