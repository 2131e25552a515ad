"""Ranking: the one statement that searches the memory, and every constant that shapes its order."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping

from sqlalchemy import text

from memory.confidence import RIVALS
from memory.corpus_statistics import CorpusStatistics
from memory.scope import Scope
from memory.solutions import Outcome

NEAREST_PASSAGES = 150
BEST_BY_TERMS = 100
"""Candidates of each half; the answer is among them for 78 % of real questions, which bounds what follows."""

QUERY_TERMS = 20
"""The heaviest terms of a query; with all of them nDCG@10 changes by less than 0.5 and the time doubles."""
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

SATURATION, LENGTH_NORMALISATION = 1.2, 0.75
"""BM25's k1 and b, at their textbook values: other values changed nDCG@10 by less than 0.5 here."""

LEXICAL_WEIGHT, BEST_WEIGHT, MEAN_WEIGHT = 1.0, 0.75, 0.25
"""Of the share of the question's own BM25 score, of the best passage's cosine, of the mean cosine. Fitted
to each of four judged sets alone, lexical to semantic comes out between 0.6 and 1.05."""
SAME_CHANNEL = 0.07
RECENT, RECENT_DAYS = 0.25, 180
"""RECENT * exp(-age / RECENT_DAYS): worth 8 points of nDCG@10 on eight years of chat, the same within a point
from 0.2 to 0.4 and from 180 to 365 days."""
OUTCOME_WEIGHTS: dict[Outcome, float] = {
    "confirmed": 0.02,
    "answered": 0.0,
    "unsolved": -0.02,
    "failed": -0.02,
}
"""They decide between equals and no more: on real chat a mark that a thread was solved says nothing of
whether it answers another question, and 0.05 costs a point of nDCG@10."""
HELPFUL = 0.025
"""Times ln(1 + confirmed answers that cite it): more than a confirmation after two of them. No public data
say what people's use is worth; these weights stay below what a better match is worth."""
NOT_RELEVANT, MOST_DISMISSALS = 0.025, 4
"""For each of so many people: it was not relevant to their problem, which says little about the next one."""

SETTINGS = text("""
    -- ef_search: as many candidates as are asked for. Iterative scan: go on when the filter dropped some.
    -- Custom plans: a plan made without the values reads whole tables. jit: costs more than it saves here.
    -- random_page_cost: with the default, made for disks that turn, the few hundred candidates are found by
    -- reading every solution; by their index the search takes 19 instead of 28 ms among 100,000 passages.
    SELECT set_config('hnsw.ef_search', '150', true),
        set_config('hnsw.iterative_scan', 'relaxed_order', true),
        set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),
        set_config('random_page_cost', '1.1', true)
""")

VISIBLE = """
    team = :team AND public AND outcome <> 'withdrawn'
    AND channel || ' ' || thread <> ALL(CAST(:hidden AS text[]))
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
""".format(
    said="""concat_ws(E'\\n', problem, fix, (
        SELECT string_agg(message ->> 'text', E'\\n') FROM jsonb_array_elements(conversation) AS message
    ))"""
)
"""What a search may find: what everybody may see, and of it what the scope asks for. A filter that is not
given is gone from the plan, because plans are made with the values."""

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
    scored AS MATERIALIZED (
        SELECT solution_id, sum(
            weight * frequency * (:k1 + 1) / (frequency + :k1 * (1 - :b + :b * length / :mean_length))
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
        SELECT passages.solution_id FROM passages
        JOIN solutions ON solutions.id = passages.solution_id
        JOIN channels USING (team, channel)
        WHERE NOT (SELECT it_is FROM few_enough) AND embedder = :embedder AND {visible}
        ORDER BY CAST(embedding AS halfvec(384)) <=> CAST(:vector AS halfvec(384)) LIMIT :nearest_passages
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
        SELECT solution_id, lexical, coalesce(best, 0) AS best,
            :lexical_weight * coalesce(lexical / own.score, 0)
            + coalesce(:best_weight * best + :mean_weight * mean, 0) AS relevance
        FROM candidates CROSS JOIN own
    ),
    judged AS (
        SELECT id, team, channel, channels.name AS channel_name, thread, turn, problem, fix, outcome,
            permalink, repository, commit, finished_at, lexical, best, relevance, relevance
            + CASE WHEN channel = CAST(:channel AS text) THEN :same_channel ELSE 0 END
            + :recent * exp(-greatest(
                extract(epoch FROM coalesce(CAST(:as_of AS timestamptz), now()) - finished_at), 0
            ) / 86400 / :recent_days)
            + coalesce(CAST(CAST(:outcome_weights AS jsonb) ->> outcome AS float), 0)
            + :helpful * ln(1 + helped) - :not_relevant * least(dismissed, :most_dismissals) AS score
        FROM matched JOIN solutions ON id = solution_id JOIN channels USING (team, channel)
    ),
    -- One turn speaks for its thread.
    threads AS MATERIALIZED (
        SELECT DISTINCT ON (channel, thread) * FROM judged ORDER BY channel, thread, score DESC, turn DESC
    ),
    hits AS (SELECT * FROM threads ORDER BY score DESC, id LIMIT :limit)
    SELECT hits.*, own.score AS own_score, excerpt.text AS excerpt, ARRAY(
        SELECT term FROM chosen JOIN postings USING (term)
        WHERE postings.solution_id = hits.id ORDER BY weight DESC, length(term) DESC, term
    ) AS shared, ARRAY(SELECT relevance FROM threads ORDER BY threads.relevance DESC LIMIT :rivals) AS rivals
    FROM hits CROSS JOIN own
    LEFT JOIN LATERAL (
        SELECT text FROM passages WHERE solution_id = hits.id AND embedder = :embedder
        ORDER BY embedding <=> CAST(:vector AS vector(384)) LIMIT 1
    ) AS excerpt ON true
    ORDER BY hits.score DESC, hits.id
""".replace("{visible}", VISIBLE)
)


def search_parameters(query: Counter[str], corpus: CorpusStatistics, scope: Scope) -> Mapping[str, object]:
    """Give the parameters of `SEARCH` that the query's terms, the corpus, the scope and the constants decide.

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
        "mean_length": corpus.mean_length,
        "counted_postings": COUNTED_POSTINGS,
        "query_terms": QUERY_TERMS,
        "read_postings": READ_POSTINGS_NARROWLY if scope.narrow else READ_POSTINGS,
        "few_solutions": FEW_SOLUTIONS,
        "best_by_terms": BEST_BY_TERMS,
        "nearest_passages": NEAREST_PASSAGES,
        "k1": SATURATION,
        "b": LENGTH_NORMALISATION,
        "lexical_weight": LEXICAL_WEIGHT,
        "best_weight": BEST_WEIGHT,
        "mean_weight": MEAN_WEIGHT,
        "same_channel": SAME_CHANNEL,
        "recent": RECENT,
        "recent_days": RECENT_DAYS,
        "rivals": RIVALS,
        "outcome_weights": json.dumps(OUTCOME_WEIGHTS),
        "helpful": HELPFUL,
        "not_relevant": NOT_RELEVANT,
        "most_dismissals": MOST_DISMISSALS,
    }
