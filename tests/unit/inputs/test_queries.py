"""What a query may say: one statement that reads, with :as_of and nothing else."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from riskplugin.inputs.queries import check_query, is_ordered, parameters, to_execute

GOOD = [
    "select 1",
    "SELECT 1;",
    "  \n select 1 ; \n",
    "-- what; it is\nselect 1",
    "/* a; b */ with x as (select 1) select * from x",
    "select(1)",
    "select ';' as a",
    "select 'it''s; so' as a, \"b;c\" from t",
    "select $$;$$, $q$ ; $$ ; $q$",
    r"select E'it\'s; so'",
    "select a from t where day <= :as_of and day > :as_of",
    "select '2026'::date, a[1:2], ':not' from t -- :no",
]


@pytest.mark.parametrize("query", GOOD)
def test_query_that_reads_is_taken(query):
    assert check_query(query) == query


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "is empty"),
        (" -- nothing\n ;", "is empty"),
        ("select 1; drop table t", "several statements"),
        ("select 1; -- x\n select 2;", "several statements"),
        ("select '\\'; drop table t; --'", "several statements"),
        ("delete from t", "does not begin with SELECT or WITH"),
        ("insert into t values (1)", "does not begin with SELECT or WITH"),
        ("begin", "does not begin with SELECT or WITH"),
        ("explain analyze delete from t", "does not begin with SELECT or WITH"),
        ("copy t to program 'sh'", "does not begin with SELECT or WITH"),
        ("(select 1)", "does not begin with SELECT or WITH"),
        (
            "select 1 from t where a = :asof",
            "unknown parameter :asof in the query; there is :as_of",
        ),
        ("select :b, :a, :as_of", "unknown parameter :a, :b"),
        ("select 'a", "a ' in the query is never closed"),
        ('select "a', 'a " in the query is never closed'),
        ("select 1 /* a", "is never closed"),
    ],
)
def test_any_other_is_refused(query, why):
    with pytest.raises(ValueError, match=why):
        check_query(query)


def test_only_what_stands_in_the_code_is_a_parameter():
    query = (
        "select ':a', \":b\", c::text, '10:30' /* :d */ from t -- :e\nwhere f < :as_of"
    )
    assert parameters(query) == {"as_of"}


@pytest.mark.parametrize(
    ("query", "ordered"),
    [
        ("select a from t", False),
        ("select a from t order by a", True),
        ("select a from t ORDER\n BY a", True),
        ("select a, rank() over (order by (a)) from (select 1 order by 1) t", False),
        ("select 'order by' from t", False),
        ("select a from t -- order by a", False),
    ],
)
def test_order_of_the_whole_is_told_from_that_of_a_part(query, ordered):
    assert is_ordered(query) is ordered


ALPHABET = ":\\'%as_of ;-x$\"1"


@given(st.text(ALPHABET, max_size=12), st.text(ALPHABET, max_size=12))
def test_text_in_quotes_arrives_as_it_stands(one, other):
    """SQLite gives back what the query says, whatever marks are inside of quotes."""
    literals = ["'" + t.replace("'", "''") + "'" for t in (one, other)]
    query = f"select {literals[0]} as a, :as_of as b, {literals[1]} as c;"
    assert parameters(check_query(query)) == {"as_of"}
    compiled = str(text(to_execute(query)).bindparams(as_of="day"))
    line = sqlite3.connect(":memory:")
    try:
        assert line.execute(compiled, {"as_of": "day"}).fetchone() == (
            one,
            "day",
            other,
        )
    finally:
        line.close()
