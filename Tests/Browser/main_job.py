"""The whole main job in a browser, as a person does it, against what the API says of it.

main_job.py BASE TOKEN_COMMAND...: a server with no data yet at BASE; the command makes a token for it and prints the JSON of it.
PRUNER_SCREENSHOTS names a folder to leave pictures of every page in, light and dark, wide and narrow.
"""

import sys
import tempfile

from afterwards import compare, download, stop, sweep, use_token
from asking import ask, watch
from bringing import begin, bring
from chromium import Chromium
from session import Session
from showing import report, show
from warned import warned

with Chromium() as page, tempfile.TemporaryDirectory() as folder:
    run = Session(page, sys.argv[1], folder, sys.argv[2:])
    for act in (begin, bring, ask, watch, show, download, report, compare, sweep, warned, stop, use_token):
        act(run)
print(f"{run.passed} passed, 0 failed")
