-- SPDX-License-Identifier: BSD-2-Clause
-- What was lost where, of which kind of probe?
SELECT host, trace, object AS probe, toUInt64(argMax(values['seen'], row)) AS seen, toUInt64(argMax(values['written'], row)) AS written,
       toUInt64(argMax(values['lost'], row)) AS lost
FROM viz.events FINAL
WHERE kind = 'account'
GROUP BY host, trace, probe
ORDER BY host, trace, probe
