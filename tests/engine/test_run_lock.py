import os
import signal
import subprocess
import sys

import pytest

from sam_inspector.core.errors import InputError, StoreError
from sam_inspector.engine.run_lock import LOCK_NAME, RunLock


def test_a_second_run_in_one_folder_refuses(tmp_path):
    lock = RunLock(tmp_path / "out")
    with pytest.raises(InputError, match="Another run writes into"):
        RunLock(tmp_path / "out")
    lock.release()
    RunLock(tmp_path / "out").release()
    lock.release()


def test_a_folder_made_for_a_run_that_put_nothing_into_it_goes_again(tmp_path):
    RunLock(tmp_path / "new" / "out").release()
    assert list(tmp_path.iterdir()) == []
    lock = RunLock(tmp_path / "new" / "out")
    (tmp_path / "new" / "out" / "results.json").write_text("{}")
    lock.release()
    assert [path.name for path in (tmp_path / "new" / "out").iterdir()] == ["results.json"]
    (tmp_path / "there").mkdir()
    RunLock(tmp_path / "there").release()
    assert list((tmp_path / "there").iterdir()) == []


HOLD = """
import sys, time
from pathlib import Path
from sam_inspector.engine.run_lock import RunLock
lock = RunLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_run_holds_nothing(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(InputError):
        RunLock(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    RunLock(tmp_path).release()
    assert not (tmp_path / LOCK_NAME).exists()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't be written"):
        RunLock(tmp_path / "file" / "out")
