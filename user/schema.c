// SPDX-License-Identifier: BSD-2-Clause
/* schema: see schema.h. The members are those of writer_rows.h. */
#include "schema.h"

#include <stdio.h>

/*
 * What is sent twice has the same trace and row, and is one row after a merge, or with FINAL. Names stand before times
 * in the order: what is asked for mostly is one name over time, and its values lie together then.
 */
static const char statements[] =
	"-- Tables for the rows of viztrace-bpf " TOOL_VERSION " (--format rows), for ClickHouse 23.8 and later:\n"
	"--     viztrace-bpf schema | clickhouse-client --multiquery\n"
	"--     viztrace-bpf -x /usr/bin/app --format rows -o - |\n"
	"--         clickhouse-client -q 'INSERT INTO viz.events FORMAT JSONEachRow'\n"
	"-- Later versions only add columns, and say here how (ALTER TABLE viz.events ADD COLUMN ...).\n"
	"\n"
	"CREATE DATABASE IF NOT EXISTS viz;\n"
	"\n"
	"CREATE TABLE IF NOT EXISTS viz.events\n"
	"(\n"
	"    trace LowCardinality(String) COMMENT 'one run of the tool',\n"
	"    row UInt64 COMMENT 'its number there, the same if it is sent twice' CODEC(Delta, ZSTD),\n"
	"    ts UInt64 COMMENT 'ns since 1970 (of a slice, when it began)' CODEC(Delta, ZSTD),\n"
	"    time DateTime64(9) ALIAS fromUnixTimestamp64Nano(toInt64(ts)),\n"
	"    host LowCardinality(String),\n"
	"    boot_id LowCardinality(String),\n"
	"    pid UInt32 CODEC(ZSTD),\n"
	"    tid UInt32 CODEC(ZSTD),\n"
	"    process LowCardinality(String),\n"
	"    thread LowCardinality(String),\n"
	"    kind LowCardinality(String),\n"
	"    class LowCardinality(String),\n"
	"    object LowCardinality(String) COMMENT 'the name: of a counter, an object, a slice, an instant',\n"
	"    id String COMMENT 'tells counters of one name apart, or the number of a track or an arrow' CODEC(ZSTD),\n"
	"    address String CODEC(ZSTD),\n"
	"    dur UInt64 COMMENT 'ns' CODEC(ZSTD),\n"
	"    depth UInt32 COMMENT 'inside of so many others' CODEC(ZSTD),\n"
	"    values Map(LowCardinality(String), Float64) CODEC(ZSTD),\n"
	"    state String COMMENT 'JSON: attributes, or arguments of a slice or an instant' CODEC(ZSTD(3))\n"
	")\n"
	"ENGINE = ReplacingMergeTree\n"
	"PARTITION BY toDate(fromUnixTimestamp64Nano(toInt64(ts)), 'UTC')\n"
	"ORDER BY (kind, object, host, pid, ts, trace, row)\n"
	"TTL toDateTime(intDiv(ts, 1000000000)) + INTERVAL 30 DAY;\n"
	"\n"
	"-- On a cluster, with viz.events on each of its servers:\n"
	"-- CREATE TABLE viz.all_events AS viz.events ENGINE = Distributed('{cluster}', viz, events, cityHash64(host));\n";

enum exit_code schema__print(void)
{
	return fputs(statements, stdout) == EOF || fflush(stdout) ? EXIT_OUTPUT : EXIT_TRACED;
}
