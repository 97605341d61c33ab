"""The tables of a run are written in small pieces, and are byte by byte what they would be in one."""

import json
from dataclasses import asdict

import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.engine.image_rows import ImageRow, ModeResult, rows_as_csv
from sam_inspector.engine.results_file import (
    csv_text,
    prompts_text,
    read_results,
    read_results_header,
    results_text,
)

HEADER = {"schema": "sam-inspector/results/1", "settings": {"modes": ["b"], "points": 20}, "preset": "p", "seed": 0}
PROMPT = {"component": 1, "box": [1.0, 2.5, 3.0, 4.0], "points": [], "labels": [], "source": "gt"}


def rows(count):
    for number in range(count):
        yield ImageRow(
            "größe\n2",
            'a "quoted" dent',
            f"test/{number}.png",
            None if number % 3 else "id",
            "b",
            iou=0.1 * number,
            size=None if number % 2 else (128, 96),
            seconds={"encode": None, "decode": 1e-7} if number % 5 else {},
            error="not, good\nat all" if number % 7 == 6 else None,
        )


@pytest.mark.parametrize("count", [0, 1, 2500])
def test_pieces_are_the_bytes_of_the_whole(count):
    found = list(rows(count))
    whole = {**HEADER, "images": [asdict(row) for row in found], "categories": [{"a": [1]}], "summary": []}
    pieces = list(results_text(HEADER, found, whole["categories"], []))
    assert "".join(pieces) == json.dumps(whole, indent=1, allow_nan=False) + "\n"
    assert max(map(len, pieces)) < 2000, "encoding a piece keeps other threads waiting"
    pieces = list(csv_text(found, rows_as_csv))
    assert "".join(pieces) == rows_as_csv(found)
    assert max(map(len, pieces)) < 200_000


@pytest.mark.parametrize("count", [0, 1, 50])
def test_the_prompts_are_one_object(count):
    results = [ModeResult(row, [PROMPT] * 3) for row in rows(count)]
    pieces = list(prompts_text(HEADER, "mvtec_ad", results))
    found = json.loads("".join(pieces))
    assert "".join(pieces) == json.dumps(found) + "\n"
    assert [item["path"] for item in found["items"]] == [result.row.path for result in results if not result.row.error]
    assert (found["dataset"]["layout"], found["mode"], found["parameters"]) == ("mvtec_ad", "b", {"points": 20})


def test_a_number_that_json_does_not_have_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        list(results_text(HEADER, [ImageRow("c", "d", "p", None, "b", iou=float("nan"))], [], []))


def test_the_head_is_read_without_the_rows(tmp_path):
    path = tmp_path / "results.json"
    assert read_results_header(path) is None
    text = "".join(results_text(HEADER, rows(300), [], []))
    path.write_text(text)
    assert read_results_header(path) == {**HEADER, "images": []}
    assert len(read_results(path)["images"]) == 300
    for damaged in (text[:-40], text[:100], "", "[]", '{"images": ['):
        path.write_text(damaged)
        assert read_results_header(path) is None
        assert read_results(path) is None
    path.write_text('{"accuracy": 0.9}')
    assert read_results_header(path) == {"accuracy": 0.9}
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="can't be read"):
        read_results_header(path)
