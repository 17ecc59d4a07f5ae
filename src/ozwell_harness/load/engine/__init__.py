"""What Locust loads: the streaming client on gevent, the worker that runs scenarios, and the glue to Locust.

Only this room and ``loadtests/`` import gevent or Locust, and only ``users`` imports Locust, which patches the standard
library when it is imported. Nothing outside may import this room: the runner starts it in a process of its own.
"""
