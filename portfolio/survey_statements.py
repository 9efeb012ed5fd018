"""The statements that count answers, as each database says them. Parameters: `surveys` (ids), `before`, and `group` (a name).

Counting goes in two steps: first equal answers are counted as they stand, a list as one answer and whatever was written as
nothing but written; then the few different ones are looked up in the questions and lists taken apart. That way a million answers
are looked at once, and no words are carried along. An answer brought in by a file is known from when the file was taken,
whenever it was given. `enough` asks less: which questions so many people (`least`) answered; it stops reading once they are.
"""
# ruff: noqa: S608 - put together from the words below only; values are parameters

_KNOWN = """(
    (r.import_id IS NULL AND r.answered_at < :before)
    OR r.import_id IN (SELECT id FROM imports WHERE taken_at < :before)
)"""

_LITE_IDS = "(SELECT value FROM json_each(:surveys))"
_LITE_ASKED = f"""asked AS MATERIALIZED (
    SELECT s.id AS survey, json_extract(q.value, '$.key') AS key, json_extract(q.value, '$.kind') AS kind
    FROM surveys s, json_each(s.questions) q
    WHERE s.id IN {_LITE_IDS}
)"""
_LITE_COUNTS = f"""
WITH {_LITE_ASKED}, given AS MATERIALIZED (
    SELECT r.survey_id AS survey, {{part}} AS part, a.key AS key,
        CASE WHEN (r.survey_id, a.key) IN (SELECT survey, key FROM asked WHERE kind = 'text')
            THEN CASE WHEN trim(a.value) = '' THEN '' ELSE 'written' END ELSE a.value END AS value,
        a.type AS type, count(*) AS people
    FROM responses r, json_each(r.answers) a
    WHERE r.survey_id IN {_LITE_IDS} AND a.value IS NOT NULL AND a.value <> '' AND {_KNOWN}
    GROUP BY 1, 2, 3, 4, 5
)
SELECT given.survey, given.part, given.key,
    CASE asked.kind WHEN 'text' THEN '' ELSE CAST(o.value AS TEXT) END AS option,
    sum(given.people) AS ticks, sum(CASE WHEN o.key = 0 THEN given.people ELSE 0 END) AS people
FROM given JOIN asked ON asked.survey = given.survey AND asked.key = given.key,
    json_each(CASE given.type WHEN 'array' THEN given.value ELSE json_array(given.value) END) o
WHERE o.value IS NOT NULL AND o.value <> ''
GROUP BY 1, 2, 3, 4"""

ON_SQLITE = {
    "totals": f"""
SELECT r.survey_id, count(*) FROM responses r WHERE r.survey_id IN {_LITE_IDS} AND {_KNOWN} GROUP BY r.survey_id""",
    "whole": _LITE_COUNTS.format(part="r.import_id"),
    "grouped": _LITE_COUNTS.format(part="""json_extract(r.groups, '$."' || :group || '"')"""),
    "enough": f"""
WITH {_LITE_ASKED}
SELECT asked.survey, asked.key FROM asked
WHERE (SELECT count(*) FROM (
    SELECT 1 FROM responses r
    WHERE r.survey_id = asked.survey AND {_KNOWN}
        AND trim(coalesce(json_extract(r.answers, '$."' || asked.key || '"'), '')) NOT IN ('', '[]')
    LIMIT :least
)) >= :least""",
    "latest": f"""
WITH {_LITE_ASKED}
SELECT asked.survey, asked.key, last.key AS place,
    CASE asked.kind WHEN 'text' THEN '' ELSE CAST(o.value AS TEXT) END AS option, o.key = 0 AS is_first
FROM asked, json_each((
    SELECT json_group_array(json_array(one.value)) FROM (
        SELECT json_extract(r.answers, '$."' || asked.key || '"') AS value
        FROM responses r
        WHERE r.survey_id = asked.survey AND {_KNOWN}
            AND trim(coalesce(json_extract(r.answers, '$."' || asked.key || '"'), '')) NOT IN ('', '[]')
        ORDER BY r.id DESC LIMIT 4
    ) one
)) last, json_each(CASE json_type(last.value, '$[0]')
    WHEN 'text' THEN CASE WHEN json_valid(json_extract(last.value, '$[0]')) AND json_extract(last.value, '$[0]') LIKE '[%'
        THEN json_extract(last.value, '$[0]') ELSE last.value END
    ELSE last.value END) o
WHERE o.value IS NOT NULL AND o.value <> ''
ORDER BY asked.survey, asked.key, last.key""",
}

_GRES_ASKED = """asked AS MATERIALIZED (
    SELECT s.id AS survey, (q.value ->> 'key') COLLATE "C" AS key, q.value ->> 'kind' AS kind
    FROM surveys s CROSS JOIN LATERAL jsonb_array_elements(s.questions) q
    WHERE s.id = ANY(:surveys)
)"""
_GRES_OPTIONS = """LATERAL jsonb_array_elements_text(
    CASE jsonb_typeof({value}) WHEN 'array' THEN {value} ELSE jsonb_build_array({value}) END
) WITH ORDINALITY AS o(value, place)"""
_GRES_COUNTS = f"""
WITH {_GRES_ASKED}, given AS MATERIALIZED (
    SELECT r.survey_id AS survey, {{part}} AS part, a.key COLLATE "C" AS key,
        (CASE WHEN (r.survey_id, a.key COLLATE "C") IN (SELECT survey, key FROM asked WHERE kind = 'text')
            THEN CASE WHEN trim(a.value #>> '{{{{}}}}') = '' THEN '' ELSE 'written' END
            ELSE a.value #>> '{{{{}}}}' END) COLLATE "C" AS value,
        jsonb_typeof(a.value) = 'array' AS is_list, count(*) AS people
    FROM responses r CROSS JOIN LATERAL jsonb_each(r.answers) a
    WHERE r.survey_id = ANY(:surveys) AND {_KNOWN}
    GROUP BY 1, 2, 3, 4, 5
)
SELECT given.survey, given.part, given.key,
    CASE asked.kind WHEN 'text' THEN '' ELSE o.value END AS option,
    sum(given.people) AS ticks, sum(CASE WHEN o.place = 1 THEN given.people ELSE 0 END) AS people
FROM given JOIN asked ON asked.survey = given.survey AND asked.key = given.key
    CROSS JOIN LATERAL jsonb_array_elements_text(
        CASE WHEN given.is_list AND coalesce(asked.kind, '') <> 'text' THEN given.value::jsonb ELSE jsonb_build_array(given.value) END
    ) WITH ORDINALITY AS o(value, place)
WHERE o.value IS NOT NULL AND o.value <> ''
GROUP BY 1, 2, 3, 4"""

ON_POSTGRES = {
    "totals": f"""
SELECT r.survey_id, count(*) FROM responses r WHERE r.survey_id = ANY(:surveys) AND {_KNOWN} GROUP BY r.survey_id""",
    "whole": _GRES_COUNTS.format(part="r.import_id"),
    "grouped": _GRES_COUNTS.format(part="r.groups ->> :group"),
    "enough": f"""
WITH {_GRES_ASKED}
SELECT asked.survey, asked.key FROM asked
WHERE (SELECT count(*) FROM (
    SELECT 1 FROM responses r
    WHERE r.survey_id = asked.survey AND {_KNOWN}
        AND trim(r.answers ->> asked.key) NOT IN ('', '[]')
    LIMIT :least
) one) >= :least""",
    "latest": f"""
WITH {_GRES_ASKED}
SELECT asked.survey, asked.key, last.place,
    CASE asked.kind WHEN 'text' THEN '' ELSE o.value END AS option, o.place = 1 AS is_first
FROM asked CROSS JOIN LATERAL (
    SELECT r.answers -> asked.key AS value, row_number() OVER (ORDER BY r.id DESC) - 1 AS place
    FROM responses r
    WHERE r.survey_id = asked.survey AND {_KNOWN}
        AND trim(r.answers ->> asked.key) NOT IN ('', '[]')
    ORDER BY r.id DESC LIMIT 4
) last CROSS JOIN {_GRES_OPTIONS.format(value="last.value")}
WHERE o.value IS NOT NULL AND o.value <> ''
ORDER BY asked.survey, asked.key, last.place""",
}
