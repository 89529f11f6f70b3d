-- SPDX-License-Identifier: BSD-2-Clause
-- How long does a method take on each host, between two times (ns since 1970): how often was it called, p50, p99, the longest one?
SELECT host, count() AS calls, quantileExact(0.5)(dur) AS p50, quantileExact(0.99)(dur) AS p99, max(dur) AS longest
FROM viz.events FINAL
WHERE kind = 'slice' AND object = {method:String} AND ts BETWEEN {since:UInt64} AND {until:UInt64}
GROUP BY host
ORDER BY host
