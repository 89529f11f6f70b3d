-- SPDX-License-Identifier: BSD-2-Clause
-- Which version of a program, by the build-id of its first file with probes, takes how long for a method?
SELECT build_id, count() AS calls, quantileExact(0.5)(dur) AS p50, quantileExact(0.99)(dur) AS p99
FROM (SELECT trace, dur FROM viz.events FINAL WHERE kind = 'slice' AND object = {method:String}) AS slices
INNER JOIN
(
    SELECT trace, JSONExtractString(state, 'files', 1, 'build_id') AS build_id
    FROM viz.events FINAL
    WHERE kind = 'trace'
) AS traces USING trace
GROUP BY build_id
ORDER BY build_id
