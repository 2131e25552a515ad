"""Ranking: the one statement that searches the memory, and every constant that shapes its order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from sqlalchemy import text

from memory.recall.confidence import RIVALS
from memory.recall.corpus_statistics import CorpusStatistics
from memory.recall.scope import Scope
from memory.recall.weights import DEFAULT, FEATURES, MOST_DISMISSALS, Weights

NEAREST_PASSAGES = 150
BEST_BY_TERMS = 100
"""Candidates of each half. The answer is among them for 89 % of questions in real chat, which bounds what
follows; with half as many nDCG@10 falls by 0.5 to 0.8 points there and by nothing elsewhere."""

QUERY_TERMS = 20
"""The heaviest terms of a query; with all of them nDCG@10 changes by -1.0 to +0.2 points."""
CONSIDERED_TERMS = 200
"""Terms of a query that are looked up at all: a pasted log has thousands."""
COUNTED_POSTINGS = 2_000
"""Document frequency is counted up to here; a term in more solutions than this hardly tells them apart."""
READ_POSTINGS = 10_000
"""Of all terms of a query together, heaviest first; bounds the time of a query made of common words."""
READ_POSTINGS_NARROWLY = 100_000
"""The same within a narrow scope, where most postings belong to solutions outside of it."""
FEW_SOLUTIONS = 1_000
"""Up to so many solutions in a narrow scope are all compared, about 7,000 passages: a walk through the graph
finds ever fewer of its neighbours in a smaller part of it."""

SATURATION, LENGTH_NORMALISATION = 0.9, 0.75
"""BM25's k1 and b: on four judged sets 0.9 for k1 gives -0.1 to +0.4 points of nDCG@10 against 1.2, and other
values of b gain nothing."""

RECENT_DAYS, LASTING_DAYS = 180, 700
"""How fast the two features of age fall; weights.py says what they count."""
SAME_WORDS = 0.9
"""Cosine of the questions, and of the answers, from which on two threads tell the same: neither takes the
lead from the other. Paraphrases of one problem reach 0.7 to 0.9, and not all of those have one answer."""
NO_LONGER = 0.3
"""What its own people call wrong, outdated or superseded loses this: more than its age can cost."""

SETTINGS = text("""
    -- For one transaction, and on the same way the weights that the team's memory learned.
    -- ef_search: more than are asked for, since the walk ends early: of the true ten nearest among 100,000 it
    -- finds 98.5 %, with as many as are asked for 98.2 %. Iterative scan: go on when the filter dropped some.
    -- Custom plans: a plan made without the values reads whole tables. jit: costs more than it saves here.
    -- random_page_cost: with the default, made for disks that turn, the few hundred candidates are found by
    -- reading every solution; by their index the search takes 19 instead of 28 ms among 100,000 passages.
    -- enable_mergejoin: nothing here is sorted already, and not to think of it saves a fifth of the planning.
    SELECT set_config('hnsw.ef_search', '200', true),
        set_config('hnsw.iterative_scan', 'relaxed_order', true),
        set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),
        set_config('random_page_cost', '1.1', true), set_config('enable_mergejoin', 'off', true),
        (SELECT weights FROM ranker_versions WHERE team = :team AND current) AS weights,
        ARRAY(
            SELECT channel FROM channel_settings WHERE team = :team AND name = 'memory' AND value = 'off'
        ) AS withheld
""")

VISIBLE = """
    team = :team AND public AND outcome <> 'withdrawn' AND length <> 0
    AND channel || ' ' || thread <> ALL(CAST(:hidden AS text[]))
    AND (CAST(:withheld AS text[]) IS NULL OR channel <> ALL(CAST(:withheld AS text[])))
    AND (CAST(:as_of AS timestamptz) IS NULL OR finished_at < :as_of)
    AND (CAST(:channels AS text[]) IS NULL OR channel = ANY(CAST(:channels AS text[])))
    AND (CAST(:people AS text[]) IS NULL
        OR CAST(lower(CAST(people AS text)) AS text[]) @> CAST(:people AS text[]))
    AND (CAST(:repository AS text) IS NULL OR repository ILIKE :repository)
    AND (CAST(:path AS text) IS NULL OR EXISTS (SELECT FROM unnest(files) AS file WHERE file ILIKE :path))
    AND (CAST(:after AS timestamptz) IS NULL OR finished_at >= :after)
    AND (CAST(:before AS timestamptz) IS NULL OR finished_at < :before)
    AND (CAST(:outcomes AS text[]) IS NULL OR outcome = ANY(CAST(:outcomes AS text[])))
    AND (CAST(:phrases AS text[]) IS NULL OR {said} ILIKE ALL(CAST(:phrases AS text[])))
    AND (CAST(:without AS text[]) IS NULL OR NOT {said} ILIKE ANY(CAST(:without AS text[])))
""".replace(
    "{said}",
    """concat_ws(E'\\n', problem, fix, (
        SELECT string_agg(message ->> 'text', E'\\n') FROM jsonb_array_elements(conversation) AS message
    ))""",
)
"""What a search may find: what everybody may see and its channel does not withhold, and of it what the scope
asks for. A filter that is not given is gone from the plan, because plans are made with the values. What is
withheld is such a value too: a subquery in its place is taken for one that drops nearly everything."""

NEAREST = """
            SELECT passages.solution_id, kind, position FROM passages
            JOIN solutions ON solutions.id = passages.solution_id
            JOIN channels USING (team, channel)
            WHERE {unless} AND embedder = :embedder AND {visible}
            ORDER BY CAST(embedding AS halfvec(384)) <=> CAST(:vector AS halfvec(384))
            LIMIT :nearest_passages
        """.replace("{visible}", VISIBLE)
"""The dense half: a walk through the graph that goes on until enough of what it meets may be shown."""

WEIGHTED = " + ".join(
    f"features[{place}] * (CAST(:weights AS float[]))[{place}]" for place in range(1, len(FEATURES) + 1)
)
"""The weighted sum, written out: a function over both arrays takes a millisecond for a hundred candidates."""

SEARCH = text(
    """
    -- The question's terms. How many solutions hold one is known for the most common, and counted up to a
    -- limit for the others, which reads little because they are not common.
    WITH query_terms AS (
        SELECT term, emphasis, known
        FROM unnest(CAST(:terms AS text[]), CAST(:emphases AS float[]), CAST(:documents AS float[]))
            AS given (term, emphasis, known)
    ),
    counted AS MATERIALIZED (
        SELECT term, emphasis, coalesce(known, (
            SELECT count(*) FROM (
                SELECT FROM postings WHERE postings.term = query_terms.term LIMIT :counted_postings
            ) AS entries
        )) AS documents
        FROM query_terms
    ),
    weighed AS MATERIALIZED (
        SELECT term, emphasis, documents,
            emphasis * ln(1 + greatest(:size - documents + 0.5, 0.5) / (documents + 0.5)) AS weight
        FROM counted
    ),
    -- The heaviest terms, as far as the postings they make us read stay within bounds.
    chosen AS MATERIALIZED (
        SELECT term, weight FROM (
            SELECT *, sum(documents) OVER heaviest AS read, row_number() OVER heaviest AS place
            FROM weighed WHERE documents > 0
            WINDOW heaviest AS (ORDER BY weight DESC, term ROWS UNBOUNDED PRECEDING)
        ) AS ordered
        WHERE place <= :query_terms AND (read <= :read_postings OR place = 1)
    ),
    -- What the query would score against itself, words the memory never saw included.
    own AS (
        SELECT sum(weight * emphasis * (:k1 + 1) / (emphasis + :k1)) AS score FROM (
            SELECT weight, emphasis FROM weighed ORDER BY weight DESC LIMIT :query_terms
        ) AS heaviest
    ),
    -- Of a narrow scope, the solutions in it, as many as can be looked at one by one.
    few AS MATERIALIZED (
        SELECT solutions.id AS solution_id FROM solutions JOIN channels USING (team, channel)
        WHERE :narrow AND {visible} LIMIT :few_solutions + 1
    ),
    few_enough AS MATERIALIZED (SELECT :narrow AND count(*) <= :few_solutions AS it_is FROM few),
    -- BM25, with what is the same for every posting worked out before.
    scored AS MATERIALIZED (
        SELECT solution_id, sum(
            weight * :gain * frequency / (frequency + :saturation_floor + :saturation_slope * length)
        ) AS score
        FROM chosen JOIN postings USING (term)
        GROUP BY solution_id
    ),
    -- Visibility is looked up in order of score and stops at the limit.
    best_by_terms AS (
        SELECT ranked.solution_id FROM (SELECT * FROM scored ORDER BY score DESC) AS ranked
        JOIN solutions ON solutions.id = ranked.solution_id
        JOIN channels USING (team, channel)
        WHERE NOT (SELECT it_is FROM few_enough) AND {visible}
        ORDER BY ranked.score DESC LIMIT :best_by_terms
    ),
    nearest AS (
        SELECT solution_id FROM ({nearest}) AS walked
    ),
    -- Both scores of every candidate: a solution is as near as its best passage and all of them on average.
    candidates AS (
        SELECT solution_id, coalesce(scored.score, 0) AS lexical, similarity.best, similarity.mean
        FROM (
            SELECT solution_id FROM best_by_terms UNION SELECT solution_id FROM nearest
            UNION SELECT solution_id FROM few WHERE (SELECT it_is FROM few_enough)
        ) AS found
        LEFT JOIN scored USING (solution_id)
        CROSS JOIN LATERAL (
            SELECT max(cosine) AS best, avg(cosine) AS mean FROM (
                -- OFFSET keeps the distance from being computed once for each use.
                SELECT 1 - (embedding <=> CAST(:vector AS vector(384))) AS cosine
                FROM passages WHERE passages.solution_id = found.solution_id AND embedder = :embedder OFFSET 0
            ) AS passage
        ) AS similarity
    ),
    -- Both halves on scales of their own: the share of what the question scores against itself, and a cosine.
    matched AS (
        SELECT solution_id, lexical, coalesce(lexical / own.score, 0) AS share, coalesce(best, 0) AS best,
            coalesce(mean, 0) AS mean
        FROM candidates CROSS JOIN own
    ),
    -- In the order of `Weights`. Materialized: the features are computed once, and not for each weight.
    featured AS MATERIALIZED (
        SELECT id, team, channel, channels.name AS channel_name, thread, turn, problem, symptoms, cause, fix,
            outcome, permalink, repository, commit, finished_at, standing, successor, lexical, best,
            :lexical * share + :best * best + :mean * mean AS relevance,
            ARRAY[
                share, best, mean,
                CAST(channel IS NOT DISTINCT FROM CAST(:channel AS text) AS integer),
                exp(-days / :recent_days), exp(-days / :lasting_days),
                CAST(outcome = 'confirmed' AS integer), CAST(outcome IN ('unsolved', 'failed') AS integer),
                ln(length + 1), ln(1 + helped), least(dismissed, :most_dismissals)
            ] AS features
        FROM matched JOIN solutions ON id = solution_id JOIN channels USING (team, channel)
        CROSS JOIN LATERAL (
            -- Floats at once: what `extract` gives is exact and slow. OFFSET, for both features share it.
            SELECT greatest(CAST(extract(
                epoch FROM coalesce(CAST(:as_of AS timestamptz), now()) - finished_at
            ) AS float), 0) / 86400 AS days OFFSET 0
        ) AS age
    ),
    judged AS (
        SELECT featured.*, weighted.score FROM featured CROSS JOIN LATERAL (
            SELECT {weighted} - CASE standing WHEN 'current' THEN 0 ELSE :no_longer END AS score
        ) AS weighted
    ),
    -- One turn speaks for its thread.
    threads AS MATERIALIZED (
        SELECT DISTINCT ON (channel, thread) * FROM judged ORDER BY channel, thread, score DESC, turn DESC
    ),
    hits AS (SELECT * FROM threads ORDER BY score DESC, id LIMIT :limit),
    -- What a hit may have to share its lead with. Twice as many as count: some may tell the same as the hit.
    front AS MATERIALIZED (
        SELECT best.id, best.relevance, question.embedding AS question, answer.embedding AS answer
        FROM (SELECT id, relevance FROM threads ORDER BY relevance DESC LIMIT 2 * :rivals) AS best
        LEFT JOIN passages AS question ON question.solution_id = best.id
            AND question.embedder = :embedder AND question.kind = 'question' AND question.position = 0
        LEFT JOIN passages AS answer ON answer.solution_id = best.id
            AND answer.embedder = :embedder AND answer.kind = 'answer' AND answer.position = 0
    )
    SELECT hits.*, own.score AS own_score, excerpt.text AS excerpt, ARRAY(
        SELECT term FROM chosen JOIN postings USING (term)
        WHERE postings.solution_id = hits.id ORDER BY weight DESC, length(term) DESC, term
    ) AS shared, ARRAY(
        SELECT rival.relevance FROM front AS rival
        LEFT JOIN front AS itself ON itself.id = hits.id
        WHERE rival.id = hits.id OR (
            1 - (rival.question <=> itself.question) >= :same_words
            AND 1 - (rival.answer <=> itself.answer) >= :same_words
        ) IS NOT TRUE
        ORDER BY rival.relevance DESC LIMIT :rivals
    ) AS rivals
    FROM hits CROSS JOIN own
    LEFT JOIN LATERAL (
        SELECT text FROM passages WHERE solution_id = hits.id AND embedder = :embedder
        ORDER BY embedding <=> CAST(:vector AS vector(384)) LIMIT 1
    ) AS excerpt ON true
    ORDER BY hits.score DESC, hits.id
""".replace("{nearest}", NEAREST.replace("{unless}", "NOT (SELECT it_is FROM few_enough)"))
    .replace("{visible}", VISIBLE)
    .replace("{weighted}", WEIGHTED)
)

WALK = text(NEAREST.replace("{unless}", "true"))
"""The dense half alone, for whoever measures what the graph finds."""


def search_parameters(
    query: Counter[str], corpus: CorpusStatistics, scope: Scope, weights: Weights
) -> Mapping[str, object]:
    """Give the parameters of `SEARCH` that the query's terms, the corpus and so on decide.

    A term that the query repeats is emphasised by 1 + ln(count): counting it once costs 8 points of nDCG@10
    on bug reports.
    """
    # Bare numbers last (a log is full of them), then what is repeated, then what was said first.
    considered = sorted(query, key=lambda term: (term.isdigit(), -query[term]))[:CONSIDERED_TERMS]
    return {
        **scope.parameters(),
        "terms": considered,
        "emphases": [1 + math.log(query[term]) for term in considered],
        "documents": [corpus.common.get(term) for term in considered],
        "size": corpus.size,
        "counted_postings": COUNTED_POSTINGS,
        "query_terms": QUERY_TERMS,
        "read_postings": READ_POSTINGS_NARROWLY if scope.narrow else READ_POSTINGS,
        "few_solutions": FEW_SOLUTIONS,
        "best_by_terms": BEST_BY_TERMS,
        "nearest_passages": NEAREST_PASSAGES,
        "k1": SATURATION,
        "gain": SATURATION + 1,
        "saturation_floor": SATURATION * (1 - LENGTH_NORMALISATION),
        "saturation_slope": SATURATION * LENGTH_NORMALISATION / corpus.mean_length,
        "lexical": DEFAULT.lexical,
        "best": DEFAULT.best,
        "mean": DEFAULT.mean,
        "recent_days": RECENT_DAYS,
        "lasting_days": LASTING_DAYS,
        "most_dismissals": MOST_DISMISSALS,
        "no_longer": NO_LONGER,
        "weights": weights.values(),
        "rivals": RIVALS,
        "same_words": SAME_WORDS,
    }
