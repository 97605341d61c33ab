"""Folders of results, read back row by row."""

import json

import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.engine.finished_run import read_run

ROW = {"category": "nut", "defect": "dent", "path": 'test/"images": [x.png', "image_id": "id", "mode": "b", "iou": 0.5}


def results(rows, **more):
    return {
        "schema": "sam-inspector/results/1",
        "command": 'evaluate "images": [',
        "model": {"name": "m"},
        "settings": {"modes": ["b"]},
        **more,
        "images": rows,
        "categories": [{"category": "nut", "mode": "b", "images": 2}],
        "summary": [{"mode": "b"}],
    }


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("rows", [[], [ROW], [ROW, {**ROW, "iou": None}]])
def test_rows_and_all_the_rest_are_read(tmp_path, indent, rows):
    (tmp_path / "results.json").write_text(json.dumps(results(rows), indent=indent))
    run = read_run(tmp_path)
    assert [(row.path, row.iou) for row in run.rows] == [(row["path"], row["iou"]) for row in rows]
    assert run.header["command"] == 'evaluate "images": ['
    assert (run.modes, run.categories[0]["images"], run.summary[0]["mode"]) == (("b",), 2, "b")


DAMAGED = ["", "[1]", '{"images": [{"a": 1}', '{"images": [1 2', '{"images": 3}', '{"images": []']


@pytest.mark.parametrize("text", DAMAGED)
def test_what_is_no_run_is_one_sentence(tmp_path, text):
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(InputError):
        read_run(tmp_path)
