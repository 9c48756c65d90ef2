"""Which names become labels."""

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.metrics.caps import choose_columns, choose_models

names = st.text("abcdef", min_size=1, max_size=3)
quick = settings(deadline=None, max_examples=100)


@quick
@given(st.sets(names), st.sets(names), st.sets(names), st.integers(0, 10))
def test_never_more_models_than_the_cap_and_never_fewer_than_fit(
    models: set[str], referenced: set[str], kept: set[str], cap: int
) -> None:
    chosen = choose_models(models, referenced=referenced, kept=kept, cap=cap)
    assert chosen <= models
    assert len(chosen) == min(cap, len(models))


def test_a_flood_of_names_displaces_no_model_with_a_reference() -> None:
    flood = {f"a{i}" for i in range(100)}
    chosen = choose_models(flood | {"fraud", "zeta"}, referenced={"zeta"}, kept=flood, cap=3)
    assert "zeta" in chosen


def test_a_model_that_was_shown_stays_shown() -> None:
    assert choose_models({"b", "c", "a"}, referenced=(), kept={"b", "c"}, cap=2) == {"b", "c"}


@quick
@given(
    st.dictionaries(names, st.lists(names, unique=True, max_size=12), max_size=6),
    st.integers(0, 40),
)
def test_columns_are_shared_out_fairly(columns: dict[str, list[str]], cap: int) -> None:
    chosen = choose_columns(columns, cap)
    sizes = {model: len(chosen[model]) for model in columns}
    assert sum(sizes.values()) == min(cap, sum(map(len, columns.values())))
    cut = [sizes[model] for model in columns if sizes[model] < len(columns[model])]
    assert all(size <= min(cut, default=size) + 1 for size in sizes.values())
    for model, chosen_columns in chosen.items():
        assert chosen_columns == set(columns[model][: sizes[model]])
