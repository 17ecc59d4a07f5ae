"""Load tests for Ozwell- and OpenAI-compatible endpoints, for Locust.

With the web page, then without::

    export OZWELL_API_KEY=…
    locust -f loadtests/locustfile.py --host http://127.0.0.1:8000/v1
    locust -f loadtests/locustfile.py --host http://127.0.0.1:8000/v1 --headless -u 20 -r 5 -t 60s --scenario chat

``--host`` is the base URL with ``/v1``; ``--ozwell-profile`` is the dialect, and says which scenarios there are. Keys
come from ``OZWELL_API_KEY`` alone; models from ``OZWELL_MODEL`` and ``OZWELL_EMBEDDING_MODEL``, and else from the
target's list. ``--scenario`` chooses what users do (``scenarios.py``), or
``--mix chat=3,files=1`` with weights of your own; ``--think`` says how long they pause, ``--prompt-tokens``,
``--answer-tokens``, ``--prompt-file``, ``--prefix-tokens``, ``--turns`` and ``--file-bytes`` what they send. All are on
the web page, too. Rows of type TTFT and ICL show the time to first token and the time between chunks of
streamed answers, in milliseconds like all of Locust's times. ``--processes`` and ``--master``/``--worker`` work as
ever; at the end a table shows TTFT, ICL and E2E of every step over all workers; ``--ozwell-json FILE`` writes it too.

``ozwell-harness load`` runs this same file and reports by exact samples; figures by hand have three digits, Locust's
own of requests two.
"""

from __future__ import annotations

from scenarios import SCENARIOS

from ozwell_harness.load.engine.users import TargetUser, install

install(SCENARIOS)


class ApiUser(TargetUser):
    """A user who runs the chosen scenario again and again."""
