"""The report of a run: self-contained, complete, and honest about what is not defined."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from sam_inspector.core.errors import InputError
from sam_inspector.engine.finished_run import read_run
from sam_inspector.engine.report import write_report
from sam_inspector.engine.report.charts import Line, line_chart
from sam_inspector.engine.report.gallery import FALSE_ALARM, HIT, MISSED, error_picture
from sam_inspector.engine.report.tables import Cell, Table, as_latex, as_markdown, main_table, metric_tables
from tests.engine.test_evaluate import results, run


@pytest.fixture
def out(category, tmp_path):
    run(category, tmp_path / "out", ("b", "naive"))
    return tmp_path / "out"


class Tags(HTMLParser):
    """Counts tags, and checks that each is closed."""

    VOID = ("meta", "img", "line", "polyline", "br")

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.outside = [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        for name, value in attributes:
            if name in ("src", "href") and not value.startswith("data:"):
                self.outside.append(value)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.VOID:  # as `<line … />`
            return
        assert self.open.pop() == tag


def test_one_file_with_tables_curves_pictures_and_nothing_from_outside(out):
    path = write_report(out)
    text = path.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert tags.outside == []
    assert "<script" not in text
    assert "http" not in re.sub(r"data:[^\"]*", "", text)
    assert tags.seen.count("img") == 8, "four images a mode, none twice"
    assert text.count('class="chart"') == 1 + 3
    assert "Weights, SHA-256" in text
    assert "mobile_sam" in text


def test_the_same_run_gives_the_same_report(category, out, tmp_path):
    run(category, tmp_path / "again", ("b", "naive"), stop_after=2)
    run(category, tmp_path / "again", ("b", "naive"), resume=True)
    assert write_report(out).read_bytes() == write_report(tmp_path / "again").read_bytes()


def test_the_main_table_is_that_of_the_first_system(out):
    write_report(out)
    table = main_table(read_run(out))
    assert table.head == ("category", "b", "naive")
    ((name, cells),) = table.lines
    assert name == "part"
    assert cells[0].text == "1.000 / 1.000"
    assert (cells[0].is_best, cells[1].is_best) == (True, False)
    assert "**1.000 / 1.000**" in (out / "table.md").read_text()


def test_what_is_not_defined_is_a_dash_with_its_reason(out):
    table = metric_tables(read_run(out))[0]
    assert "I-AUROC" not in table.head, "a metric that is defined nowhere has no column"
    (row,) = [row for row in results(out)["categories"] if row["mode"] == "b"]
    assert "visit anomalous images only" in row["undefined"]["i_auroc"]
    assert "MVTec LOCO" in row["undefined"]["spro"]
    assert set(row["undefined"]) == {name for name, value in row.items() if value is None}
    assert "I-AUROC: No good image was visited" in write_report(out).read_text(encoding="utf-8")


def test_names_cannot_break_the_report_or_its_tables(category, tmp_path):
    strange = category.rename(tmp_path / "a <b> & 50%_$")
    run(strange, tmp_path / "out", ("b",))
    text = write_report(tmp_path / "out").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert "a &lt;b&gt; &amp; 50%_$" in text
    table = Table("", ("x",), (("a & 50%_$", (Cell("–"),)),))
    assert r"a \& 50\%\_\$ & -- \\" in as_latex(table)
    assert as_markdown(table).splitlines()[-1] == "| a & 50%_$ | – |"


STRANGE = "a|b <i>x</i> &lt; *y* _z_ in_ner\nnext `c` [d] \\e ~f"


def test_a_name_is_one_cell_of_the_markdown_table():
    table = Table("", ("cat|egory", "mode\none"), ((STRANGE, (Cell("0.500", is_best=True),)),))
    head, _, line = as_markdown(table).splitlines()
    assert head == r"| cat\|egory | mode one |"
    wanted = r"a\|b &lt;i&gt;x&lt;/i&gt; &amp;lt; \*y\* \_z\_ in_ner next \`c\` \[d\] \\e \~f"
    assert line == f"| {wanted} | **0.500** |"


def test_a_name_is_one_cell_of_the_latex_table():
    table = Table("", ("category", "b|p"), (("[2pt] \\x ~y ^z <w>|v\nu* #1 & {50%} $_", (Cell("–"),)),))
    lines = as_latex(table).splitlines()
    assert lines[2] == r"category & b\textbar{}p \\"
    assert lines[4] == (
        r"{[}2pt{]} \textbackslash{}x \textasciitilde{}y \textasciicircum{}z "
        r"\textless{}w\textgreater{}\textbar{}v u{*} \#1 \& \{50\%\} \$\_ & -- \\"
    )


def test_the_report_does_not_depend_on_the_folder_it_lies_in(out):
    path = out / "results.json"
    written = []
    for command in ("sam-inspector evaluate 'a b' --out one --mode b", "sam-inspector evaluate 'a b' --out=two"):
        path.write_text(json.dumps({**results(out), "command": command}))
        written.append(write_report(out).read_text(encoding="utf-8"))
    assert "sam-inspector evaluate &#39;a b&#39; --out FOLDER --mode b" in written[0]
    assert "sam-inspector evaluate &#39;a b&#39; --out=FOLDER" in written[1]


def test_a_run_whose_images_all_failed_says_so_in_place_of_tables(category, tmp_path):
    for image in (category / "test/dent").iterdir():
        image.write_bytes(b"no image" if image.name == "000.png" else b"")
    run(category, tmp_path / "out", ("b", "naive"))
    text = write_report(tmp_path / "out").read_text(encoding="utf-8")
    assert "Each of the 4 images failed under every mode" in text
    assert "All metrics" not in text
    assert "<svg" not in text
    assert text.count("<th>2 times</th>") == 4
    tags = Tags()
    tags.feed(text)
    assert tags.open == []


def test_what_maps_were_made_from_is_told_once_however_many_modes(category, tmp_path):
    for image in (category / "train/good").iterdir():
        Image.fromarray(np.full((96, 128, 3), 90, np.uint8)).save(image)
    run(category, tmp_path / "out", ("few-shot-map", "few-shot", "b"))
    rows = {row["mode"]: row for row in results(tmp_path / "out")["categories"]}
    remarks = rows["few-shot"]["remarks"]
    assert "one colour" in remarks[0]
    assert rows["few-shot-map"]["remarks"] == remarks
    assert "remarks" not in rows["b"]
    text = write_report(tmp_path / "out").read_text(encoding="utf-8")
    assert text.count(f"<li>part: {remarks[0]}</li>") == 1


def test_images_that_were_moved_are_left_out_and_the_report_stands(category, out, tmp_path):
    category.rename(tmp_path / "elsewhere")
    assert "<img" not in write_report(out).read_text(encoding="utf-8")


def test_a_folder_without_results_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="There are no results in"):
        write_report(tmp_path)
    (tmp_path / "results.json").write_text('{"schema": "sam-inspector/results/9"}')
    with pytest.raises(InputError, match="of another kind"):
        write_report(tmp_path)


def test_right_too_much_and_missed_have_their_colours():
    truth, mask = np.zeros((240, 240), bool), np.zeros((240, 240), bool)
    truth[20:120, 20:120] = True
    mask[20:120, 70:220] = True
    picture = error_picture(np.full((240, 240, 3), 128, np.uint8), mask, truth)

    def share(area, colour):
        near = np.abs(picture[area].astype(int) - (0.35 * 128 + 0.65 * np.array(colour))).max(1) < 2
        return near.mean()

    assert share(mask & truth, HIT) == 1
    assert 0.4 < share(mask & ~truth, FALSE_ALARM) < 0.8, "hatched"
    assert 0.4 < share(truth & ~mask, MISSED) < 0.8
    assert (picture[~(mask | truth)] == 128).all()


def test_a_curve_is_drawn_from_corner_to_corner():
    svg = line_chart([Line("b", (0, 1), (0, 1))], "x", "y")
    first, last = re.search(r'points="([^"]*)"', svg)[1].split()
    (x0, y0), (x1, y1) = (tuple(map(float, point.split(","))) for point in (first, last))
    assert x0 < x1
    assert y0 > y1, "SVG counts downwards"
