-- SPDX-License-Identifier: BSD-2-Clause
-- Which objects were made and never destroyed, by class?
SELECT host, pid, class, countIf(last = 'alive') AS alive, count() AS made
FROM
(
    SELECT host, pid, class, object, address, if(argMax(kind, (ts, row)) = 'delete', 'gone', 'alive') AS last
    FROM viz.events FINAL
    WHERE kind IN ('new', 'delete')
    GROUP BY host, pid, class, object, address
)
GROUP BY host, pid, class
ORDER BY host, pid, class
