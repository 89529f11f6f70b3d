-- SPDX-License-Identifier: BSD-2-Clause
-- On which hosts did a counter pass a limit; how far, and when first?
SELECT host, max(values[{attribute:String}]) AS highest,
       minIf(ts, values[{attribute:String}] > {limit:Float64}) AS first
FROM viz.events FINAL
WHERE kind = 'report' AND object = {counter:String} AND mapContains(values, {attribute:String})
GROUP BY host
HAVING highest > {limit:Float64}
ORDER BY host
