-- SPDX-License-Identifier: BSD-2-Clause
-- In which state was every object at the time t (ns since 1970)?
SELECT host, pid, class, object, address, argMax(state, (ts, row)) AS state_then
FROM viz.events FINAL
WHERE kind IN ('new', 'report', 'delete') AND class != '' AND ts <= {t:UInt64}
GROUP BY host, pid, class, object, address
HAVING argMax(kind, (ts, row)) != 'delete'
ORDER BY host, pid, class, object, address
