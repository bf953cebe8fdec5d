"""Being asked to end."""

import os
import signal
import subprocess
import sys
import threading
import time

from supops.adapters.process_signals import StopRequest, process_name, stop_with_parent
from tests.conftest import ROOT

ASKED = """
import os, signal, sys
from supops.adapters.process_signals import stop_on_signals
stop = stop_on_signals(ignored=[signal.SIGINT])
called = []
stop.then(lambda: called.append(1))
os.kill(os.getpid(), signal.SIGINT)
print(stop.wait(0.01))
os.kill(os.getpid(), signal.SIGTERM)
os.kill(os.getpid(), signal.SIGTERM)
print(stop.wait(5), stop.is_set(), called)
"""


def test_a_signal_asks_once_and_others_can_be_ignored() -> None:
    done = subprocess.run([sys.executable, "-c", ASKED], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split("\n")[:2] == ["False", "True True [1]"]


def test_waiting_ends_when_it_is_time() -> None:
    stop = StopRequest()
    began = time.monotonic()

    assert not stop.wait(0.01)
    threading.Timer(0.05, stop.set).start()
    assert stop.wait()
    assert stop.wait(10)
    assert time.monotonic() - began < 5


def test_the_other_end_of_a_pipe_that_goes_away_asks_as_well() -> None:
    reader, writer = os.pipe()
    stop = StopRequest()
    stop_with_parent(stop, reader)

    os.write(writer, b"anything")
    assert not stop.wait(0.05)
    os.close(writer)

    assert stop.wait(5)
    os.close(reader)


STUBBORN = """
import signal, sys, time
from supops.adapters.process_signals import end_with_parent
signal.signal(signal.SIGTERM, lambda *_: print("asked", flush=True))
end_with_parent(int(sys.argv[1]), grace=0.3)
print("began", flush=True)
while True:
    time.sleep(60)
"""


def test_who_has_to_end_with_its_parent_is_asked_to_and_then_made_to() -> None:
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN, str(reader)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        pass_fds=(reader,),
        start_new_session=True,
    )
    os.close(reader)
    with process:
        assert process.stdout
        assert process.stdout.readline() == b"began\n"
        os.close(writer)

        assert process.stdout.read() == b"asked\n"
        assert process.wait(5) == -signal.SIGKILL


def test_names_are_never_the_same() -> None:
    assert process_name() != process_name()
