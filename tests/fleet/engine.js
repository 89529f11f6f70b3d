// SPDX-License-Identifier: BSD-2-Clause
// ClickHouse's engine: `node engine.js FOLDER` with chdb in NODE_PATH. A JSON list of statements on stdin; their answers, a list of
// texts, on stdout.
"use strict";
const { Session } = require("chdb");
const session = new Session(process.argv[2]);
const statements = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(statements.map((s) => session.query(s, "JSONEachRow"))));
