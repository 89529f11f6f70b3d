// SPDX-License-Identifier: BSD-2-Clause
/* show: see show.h. Each connection has a process of its own, so that none can keep the others waiting. */
#define _GNU_SOURCE
#include "show.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach/spawn.h"
#include "common/log.h"

#define PERFETTO "https://ui.perfetto.dev"
#define PERFETTO_PORT 9001 /* the one on the loopback address from which its page may load */
#define REQUEST_SIZE 8192
#define REQUEST_SECONDS 30
#define POLL_MS 100
#define SENT 77 /* exit status of a connection's process that has sent the whole trace */

struct show {
	const char *path;
	char folder[PATH_MAX]; /* of the local viewer; "" for Perfetto's */
	char token[33];
	int listener;
	uint16_t port;
};

/* The local viewer's host page: when its scripts are there it reads the trace. */
static const char page[] =
	"<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>viztrace-bpf</title>\n"
	"<style>html, body, #view { margin: 0; width: 100%; height: 100%; overflow: hidden; font: 12px sans-serif }</style>\n"
	"<script>const ready = new Promise((go) => document.addEventListener('WebComponentsReady', go));</script>\n"
	"<script src=\"webcomponents.min.js\"></script>\n"
	"<link rel=\"import\" href=\"trace_viewer_full.html\">\n"
	"</head><body><div id=\"view\"></div><script>\n"
	"ready.then(async () => {\n"
	"  const text = await (await fetch('trace.json')).text();\n"
	"  const model = new tr.Model();\n"
	"  new tr.importer.Import(model).importTraces([text]);\n"
	"  const view = document.createElement('tr-ui-timeline-view');\n"
	"  const tracks = document.createElement('track-view-container');\n"
	"  tracks.id = 'track_view_container';\n"
	"  view.track_view_container = tracks;\n"
	"  Polymer.dom(view).appendChild(tracks);\n"
	"  view.style.cssText = 'width: 100%; height: 100%';\n"
	"  view.globalMode = true;\n"
	"  Polymer.dom(document.getElementById('view')).appendChild(view);\n"
	"  await new Promise((go) => setTimeout(go, 0)); // it takes a model when it is attached\n"
	"  view.model = model;\n"
	"  view.viewTitle = 'viztrace-bpf';\n"
	"  document.body.dataset.shown = model.bounds.range;\n"
	"});\n"
	"</script></body></html>\n";

/* ---- a connection ---- */

static bool send_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

static bool send_head(int fd, const char *status, const char *type, uint64_t size)
{
	char head[512];
	int n = snprintf(head, sizeof(head),
			 "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %" PRIu64 "\r\nConnection: close\r\n"
			 "Cache-Control: no-store\r\nAccess-Control-Allow-Origin: " PERFETTO "\r\n"
			 "Access-Control-Allow-Private-Network: true\r\nX-Content-Type-Options: nosniff\r\n\r\n",
			 status, type, size);

	return send_all(fd, head, (size_t)n);
}

static bool send_text(int fd, const char *status, const char *type, const char *text)
{
	return send_head(fd, status, type, strlen(text)) && send_all(fd, text, strlen(text));
}

static bool send_file(int fd, const char *path, const char *type)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	off_t at = 0;
	struct stat st;
	bool ok;

	if (file < 0 || fstat(file, &st)) {
		if (file >= 0)
			close(file);
		return send_text(fd, "404 Not Found", "text/plain", "not found\n") && false;
	}
	ok = send_head(fd, "200 OK", type, (uint64_t)st.st_size);
	while (ok && at < st.st_size)
		ok = sendfile(fd, file, &at, (size_t)(st.st_size - at)) > 0 || errno == EINTR;
	close(file);
	return ok;
}

/* All of its head, NUL-terminated; false: it is too long, or the other end gave up. */
static bool receive(int fd, char text[REQUEST_SIZE])
{
	size_t size = 0;

	do {
		ssize_t n = recv(fd, text + size, REQUEST_SIZE - 1 - size, 0);

		if (n <= 0)
			return false;
		size += (size_t)n;
		text[size] = 0;
	} while (!strstr(text, "\r\n\r\n") && size < REQUEST_SIZE - 1);
	return strstr(text, "\r\n\r\n") != NULL;
}

/* Another name for the loopback address would be another site's page that asks. */
static bool is_for_us(const struct show *s, const char *request)
{
	const char *host = strcasestr(request, "\r\nHost:");
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "127.0.0.1:%u\r\n", s->port);
	if (!host)
		return false;
	host += strlen("\r\nHost:");
	host += strspn(host, " ");
	return !strncmp(host, wanted, strlen(wanted));
}

/* True: the whole trace was sent. */
static bool answer(const struct show *s, int fd)
{
	char request[REQUEST_SIZE], prefix[64], path[PATH_MAX + 64];
	const char *name;

	if (!receive(fd, request) || !is_for_us(s, request))
		return send_text(fd, "403 Forbidden", "text/plain", "not for this host\n") && false;
	if (!strncmp(request, "OPTIONS ", 8))
		return send_head(fd, "204 No Content", "text/plain", 0) && false;
	snprintf(prefix, sizeof(prefix), "GET /%s/", s->token);
	if (strncmp(request, prefix, strlen(prefix)) != 0)
		return send_text(fd, "404 Not Found", "text/plain", "not found\n") && false;
	name = request + strlen(prefix);
	request[strlen(prefix) + strcspn(name, " ?\r")] = 0;
	if (!strcmp(name, "trace.json"))
		return send_file(fd, s->path, "application/json");
	if (*s->folder && !*name)
		return send_text(fd, "200 OK", "text/html; charset=utf-8", page) && false;
	if (*s->folder && (!strcmp(name, "webcomponents.min.js") || !strcmp(name, "trace_viewer_full.html"))) {
		snprintf(path, sizeof(path), "%s/%s", s->folder, name);
		return send_file(fd, path, strstr(name, ".js") ? "text/javascript" : "text/html; charset=utf-8") &&
		       false;
	}
	return send_text(fd, "404 Not Found", "text/plain", "not found\n") && false;
}

static _Noreturn void serve(const struct show *s, int fd)
{
	struct timeval patience = { .tv_sec = REQUEST_SECONDS };
	bool sent;
	char rest;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	sent = answer(s, fd);
	/* Until the other end has read it all. */
	shutdown(fd, SHUT_WR);
	while (recv(fd, &rest, 1, 0) > 0)
		;
	_exit(sent ? SENT : 0);
}

/* ---- all of it ---- */

/* The local viewer knows nothing but JSON. */
static bool is_json(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), n;
	char first = 0;

	if (fd < 0)
		return false;
	n = (int)read(fd, &first, 1);
	close(fd);
	return n == 1 && (first == '{' || first == '[');
}

static void find_viewer(struct show *s)
{
	static const char *const patterns[] = {
		"/usr/share/go-1.*/src/cmd/trace/static/trace_viewer_full.html",
		"/usr/share/go-1.*/misc/trace/trace_viewer_full.html",
	};
	glob_t found;

	for (size_t i = 0; !*s->folder && i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (!glob(patterns[i], 0, NULL, &found)) {
			snprintf(s->folder, sizeof(s->folder), "%s", found.gl_pathv[found.gl_pathc - 1]);
			*strrchr(s->folder, '/') = 0;
		}
		globfree(&found);
	}
}

static int make_token(struct show *s)
{
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -errno;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(s->token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static int listen_for_browser(struct show *s)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(*s->folder ? 0 : PERFETTO_PORT),
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);
	int on = 1;

	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener < 0)
		return -errno;
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s->listener, (const struct sockaddr *)&address, size) || listen(s->listener, 16) ||
	    getsockname(s->listener, (struct sockaddr *)&address, &size))
		return -errno;
	s->port = ntohs(address.sin_port);
	return 0;
}

static pid_t start_browser(const char *url)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	/* Its noise is not ours. */
	if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
		_exit(127);
	execlp("xdg-open", "xdg-open", url, (char *)NULL);
	_exit(127);
}

/* Serve until a browser has the trace; `browser` is the process that starts one. */
static void serve_all(const struct show *s, pid_t browser, const char *url)
{
	for (;;) {
		struct pollfd p = { .fd = s->listener, .events = POLLIN };
		int fd = -1, status;
		pid_t pid;

		if (poll(&p, 1, POLL_MS) > 0)
			fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			if (!fork())
				serve(s, fd);
			close(fd);
		}
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			if (pid == browser && status)
				log_info("no browser could be started (xdg-open); open %s in one", url);
			if (pid != browser && WIFEXITED(status) && WEXITSTATUS(status) == SENT)
				return;
		}
	}
}

enum exit_code show__run(const struct opts *o)
{
	struct show s = { .path = o->file };
	char url[256];
	int err;

	if (access(s.path, R_OK)) {
		log_error("cannot read %s: %s", s.path, strerror(errno));
		return EXIT_OUTPUT;
	}
	if (is_json(s.path))
		find_viewer(&s);
	err = make_token(&s);
	if (!err)
		err = listen_for_browser(&s);
	if (err) {
		log_error("cannot serve %s on 127.0.0.1:%d: %s", s.path, *s.folder ? 0 : PERFETTO_PORT, strerror(-err));
		return EXIT_OUTPUT;
	}
	if (*s.folder)
		snprintf(url, sizeof(url), "http://127.0.0.1:%u/%s/", s.port, s.token);
	else
		snprintf(url, sizeof(url), PERFETTO "/#!/?url=http://127.0.0.1:%u/%s/trace.json", s.port, s.token);
	log_info("waiting until a browser has read %s; Ctrl-C ends that", s.path);
	serve_all(&s, start_browser(url), url);
	close(s.listener);
	return EXIT_TRACED;
}

void show__for_caller(const char *path)
{
	char self[] = "/proc/self/exe", command[] = "open", quiet[] = "-q", end[] = "--", error[128] = "";
	char *argv[] = { self, command, end, (char *)path, NULL, NULL };
	struct spawn *s = NULL;
	pid_t pid;
	int err;

	if (log_level == LOG_QUIET)
		memcpy(argv, (char *[]){ self, command, quiet, end, (char *)path, NULL }, sizeof(argv));
	err = spawn__new(&s, argv, NULL, error, sizeof(error));
	if (!err)
		err = spawn__fork(s, &pid, error, sizeof(error));
	if (!err) {
		err = spawn__go(s);
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	}
	if (err)
		log_error("cannot open %s in a browser: %s", path, *error ? error : strerror(-err));
	spawn__free(s);
}
